//! One model of one provider: its latency, its breaker, and the calls that are under way.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    BreakerState,
    breaker::{Breaker, Outcome, Pass},
    latency::Latency,
};
use crate::llm_integration::routing::{BreakerPolicy, FailureClass};

/// What is assumed of one that was never called, in seconds: small, so that it is tried.
const UNKNOWN_LATENCY: f64 = 0.001;

#[derive(Debug, Default)]
pub struct Endpoint {
    in_flight: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    latency: Latency,
    breaker: Breaker,
}

/// The breaker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When it may be otherwise.
    pub retry_after: Duration,
}

/// A call under way. Dropped without a report, it was cancelled.
#[derive(Debug)]
pub struct Entered {
    endpoint: Arc<Endpoint>,
    policy: BreakerPolicy,
    began: Instant,
    pass: Option<Pass>,
}

impl Endpoint {
    /// Lets a call begin, unless the breaker is open.
    ///
    /// # Errors
    /// [`Refusal`] when it is.
    pub fn enter(self: &Arc<Self>, policy: BreakerPolicy) -> Result<Entered, Refusal> {
        let began = Instant::now();
        let pass = self
            .state()
            .breaker
            .admit(policy, began)
            .map_err(|retry_after| Refusal { retry_after })?;
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Ok(Entered {
            endpoint: Arc::clone(self),
            policy,
            began,
            pass: Some(pass),
        })
    }

    /// What a further call would wait, about.
    pub fn cost(&self) -> f64 {
        let average = self.state().latency.average(Instant::now());
        #[expect(clippy::cast_precision_loss, reason = "calls far below 2^52")]
        let waiting = self.in_flight() as f64 + 1.0;
        average.max(UNKNOWN_LATENCY) * waiting
    }

    pub fn p95(&self) -> Option<Duration> {
        self.state().latency.p95()
    }

    pub fn breaker(&self) -> BreakerState {
        self.state().breaker.state(Instant::now())
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes a call. True when its failure opened the breaker.
    fn close(&self, pass: Pass, outcome: Outcome, policy: BreakerPolicy) -> bool {
        self.state()
            .breaker
            .report(pass, outcome, policy, Instant::now())
    }
}

impl Entered {
    /// The first byte of the answer is there.
    pub fn first_byte(&self) {
        let now = Instant::now();
        let took = now.duration_since(self.began);
        self.endpoint.state().latency.observe(took, now);
    }

    pub fn succeeded(&mut self) {
        self.report(Outcome::Success);
    }

    /// True when this opened the breaker.
    pub fn failed(&mut self, class: FailureClass) -> bool {
        // An answer to a wrong request is an answer: the provider is well.
        let outcome = match class {
            class if class.counts_for_breaker() => Outcome::Failure,
            FailureClass::RateLimited => Outcome::Unknown,
            _ => Outcome::Success,
        };
        self.report(outcome)
    }

    fn report(&mut self, outcome: Outcome) -> bool {
        self.pass
            .take()
            .is_some_and(|pass| self.endpoint.close(pass, outcome, self.policy))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.report(Outcome::Unknown);
        self.endpoint.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_under_way_makes_the_next_one_dearer_until_it_is_dropped() {
        let endpoint = Arc::new(Endpoint::default());
        let before = endpoint.cost();
        let entered = endpoint.enter(BreakerPolicy::default()).unwrap();
        assert!(endpoint.cost() > before);
        drop(entered);
        assert_eq!(endpoint.in_flight(), 0);
    }

    #[test]
    fn wrong_requests_do_not_open_a_breaker_and_failures_do() {
        let endpoint = Arc::new(Endpoint::default());
        let policy = BreakerPolicy {
            min_calls: 2,
            failure_ratio: 1.0,
            ..BreakerPolicy::default()
        };
        let fail = |class| endpoint.enter(policy).unwrap().failed(class);
        assert!(!fail(FailureClass::InvalidRequest));
        assert!(!fail(FailureClass::Auth));
        assert_eq!(endpoint.breaker(), BreakerState::Closed);
        let other = Arc::new(Endpoint::default());
        assert!(!other.enter(policy).unwrap().failed(FailureClass::Timeout));
        assert!(
            other
                .enter(policy)
                .unwrap()
                .failed(FailureClass::ServerError)
        );
        assert!(other.enter(policy).is_err());
    }
}
