//! A circuit breaker: leaves a provider alone that fails, and lets probes find out when it is well.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::llm_integration::routing::BreakerPolicy;

/// Parts that the rolling window is counted in.
const BUCKETS: u32 = 10;

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    Closed,
    HalfOpen,
    Open,
}

#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: State,
    /// How often it opened: what a call that began before says counts no more.
    generation: u64,
}

#[derive(Debug)]
enum State {
    /// Everything passes; failures are counted.
    Closed(Window),
    /// Nothing passes until then.
    Open { until: Instant },
    /// Probes pass.
    HalfOpen { under_way: u32, succeeded: u32 },
}

impl Default for State {
    fn default() -> Self {
        Self::Closed(Window::default())
    }
}

/// A call that the breaker let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    generation: u64,
    is_probe: bool,
}

/// How a call ended, as far as the breaker minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    /// Cancelled, or failed for a reason that says nothing about the provider.
    Unknown,
}

impl Breaker {
    /// # Errors
    /// How long the breaker will stay open.
    pub fn admit(&mut self, policy: BreakerPolicy, now: Instant) -> Result<Pass, Duration> {
        if let State::Open { until } = self.state {
            if now < until {
                return Err(until - now);
            }
            self.state = State::HalfOpen {
                under_way: 0,
                succeeded: 0,
            };
        }
        let generation = self.generation;
        match &mut self.state {
            State::HalfOpen { under_way, .. } => {
                if *under_way >= policy.probes {
                    return Err(Duration::from_millis(policy.open_ms));
                }
                *under_way += 1;
                Ok(Pass {
                    generation,
                    is_probe: true,
                })
            }
            State::Closed(_) | State::Open { .. } => Ok(Pass {
                generation,
                is_probe: false,
            }),
        }
    }

    /// Notes how a call ended. True when that opened the breaker.
    pub fn report(
        &mut self,
        pass: Pass,
        outcome: Outcome,
        policy: BreakerPolicy,
        now: Instant,
    ) -> bool {
        if pass.generation != self.generation {
            return false;
        }
        let opens = match &mut self.state {
            State::Closed(window) if !pass.is_probe => {
                window.add(
                    outcome,
                    Duration::from_millis(policy.window_ms) / BUCKETS,
                    now,
                );
                window.is_bad(policy)
            }
            State::HalfOpen {
                under_way,
                succeeded,
            } if pass.is_probe => {
                *under_way = under_way.saturating_sub(1);
                *succeeded += u32::from(outcome == Outcome::Success);
                let healed = *succeeded >= policy.probes;
                if healed {
                    self.state = State::default();
                }
                !healed && outcome == Outcome::Failure
            }
            _ => false,
        };
        if opens {
            self.generation += 1;
            self.state = State::Open {
                until: now + Duration::from_millis(policy.open_ms),
            };
        }
        opens
    }

    pub fn state(&self, now: Instant) -> BreakerState {
        match self.state {
            State::Closed(_) => BreakerState::Closed,
            State::Open { until } if now < until => BreakerState::Open,
            State::HalfOpen { .. } | State::Open { .. } => BreakerState::HalfOpen,
        }
    }
}

/// Calls and failures of the last [`BUCKETS`] parts of the window.
#[derive(Debug, Default)]
struct Window(VecDeque<Bucket>);

#[derive(Debug)]
struct Bucket {
    began: Instant,
    calls: u32,
    failures: u32,
}

impl Window {
    fn add(&mut self, outcome: Outcome, bucket: Duration, now: Instant) {
        if outcome == Outcome::Unknown {
            return;
        }
        while self
            .0
            .front()
            .is_some_and(|b| now.duration_since(b.began) > bucket * BUCKETS)
        {
            self.0.pop_front();
        }
        if self
            .0
            .back()
            .is_none_or(|b| now.duration_since(b.began) >= bucket)
        {
            self.0.push_back(Bucket {
                began: now,
                calls: 0,
                failures: 0,
            });
        }
        if let Some(last) = self.0.back_mut() {
            last.calls += 1;
            last.failures += u32::from(outcome == Outcome::Failure);
        }
    }

    fn is_bad(&self, policy: BreakerPolicy) -> bool {
        let calls: u32 = self.0.iter().map(|bucket| bucket.calls).sum();
        let failures: u32 = self.0.iter().map(|bucket| bucket.failures).sum();
        calls >= policy.min_calls
            && failures > 0
            && f64::from(failures) >= policy.failure_ratio * f64::from(calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failure_ratio: 0.5,
        min_calls: 4,
        window_ms: 10_000,
        open_ms: 1_000,
        probes: 2,
    };

    fn call(breaker: &mut Breaker, outcome: Outcome, now: Instant) -> bool {
        let pass = breaker.admit(POLICY, now).expect("it passes");
        breaker.report(pass, outcome, POLICY, now)
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            call(&mut breaker, Outcome::Failure, now);
        }
        breaker
    }

    #[test]
    fn it_opens_at_the_ratio_and_not_before_the_volume() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        assert!(!call(&mut breaker, Outcome::Failure, now));
        assert!(!call(&mut breaker, Outcome::Failure, now));
        assert!(!call(&mut breaker, Outcome::Success, now));
        assert!(call(&mut breaker, Outcome::Success, now), "two of four");
        assert_eq!(breaker.admit(POLICY, now), Err(Duration::from_secs(1)));
        assert_eq!(breaker.state(now), BreakerState::Open);
    }

    #[test]
    fn old_failures_are_forgotten_and_cancelled_calls_do_not_count() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..3 {
            call(&mut breaker, Outcome::Failure, now);
            call(&mut breaker, Outcome::Unknown, now);
        }
        let later = now + Duration::from_secs(12);
        assert!(!call(&mut breaker, Outcome::Failure, later));
        assert_eq!(breaker.state(later), BreakerState::Closed);
    }

    #[test]
    fn so_many_probes_pass_and_their_success_closes_it() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + Duration::from_secs(1);
        let first = breaker.admit(POLICY, later).unwrap();
        let second = breaker.admit(POLICY, later).unwrap();
        assert!(breaker.admit(POLICY, later).is_err());
        assert!(!breaker.report(first, Outcome::Success, POLICY, later));
        assert_eq!(breaker.state(later), BreakerState::HalfOpen);
        assert!(!breaker.report(second, Outcome::Success, POLICY, later));
        assert_eq!(breaker.state(later), BreakerState::Closed);
    }

    #[test]
    fn a_probe_that_fails_opens_it_again_and_one_that_is_cancelled_makes_room() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + Duration::from_secs(1);
        let _first = breaker.admit(POLICY, later).unwrap();
        let second = breaker.admit(POLICY, later).unwrap();
        assert!(!breaker.report(second, Outcome::Unknown, POLICY, later));
        let third = breaker.admit(POLICY, later).unwrap();
        assert!(breaker.report(third, Outcome::Failure, POLICY, later));
        assert_eq!(breaker.state(later), BreakerState::Open);
    }

    #[test]
    fn what_began_before_it_opened_counts_no_more() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let slow = breaker.admit(POLICY, now).unwrap();
        for _ in 0..4 {
            call(&mut breaker, Outcome::Failure, now);
        }
        let later = now + Duration::from_secs(1);
        breaker.admit(POLICY, later).unwrap();
        assert!(!breaker.report(slow, Outcome::Failure, POLICY, later));
        assert_eq!(breaker.state(later), BreakerState::HalfOpen);
    }
}
