//! How long to wait before a try: what the provider says, or a growing pause with jitter.

use std::time::Duration;

use rand::Rng;

use super::Policy;

/// The pause before try number `tries` + 1. `None` when the provider asks for a longer one than is
/// waited for.
pub fn pause(
    policy: &Policy,
    tries: u32,
    asked_for: Option<Duration>,
    random: &mut impl Rng,
) -> Option<Duration> {
    if let Some(asked_for) = asked_for {
        return (asked_for <= policy.max_retry_after).then_some(asked_for);
    }
    let doublings = tries.saturating_sub(1).min(20);
    let longest = policy
        .backoff
        .saturating_mul(1 << doublings)
        .min(policy.max_backoff);
    // Between half and all of it: spread out, and never at once.
    Some(longest.mul_f64(random.random_range(0.5..=1.0)))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::llm_integration::routing::{BreakerPolicy, HedgePolicy};

    const POLICY: Policy = Policy {
        first_byte_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(1),
        total_timeout: Duration::from_secs(1),
        attempts: 3,
        backoff: Duration::from_millis(100),
        max_backoff: Duration::from_millis(350),
        max_retry_after: Duration::from_secs(5),
        breaker: BreakerPolicy {
            failure_ratio: 0.5,
            min_calls: 1,
            window_ms: 1,
            open_ms: 1,
            probes: 1,
        },
        hedge: None::<HedgePolicy>,
    };

    #[test]
    fn pauses_double_up_to_the_longest_and_are_jittered() {
        let mut random = StdRng::seed_from_u64(1);
        for (tries, longest) in [(1, 100), (2, 200), (3, 350), (40, 350)] {
            for _ in 0..50 {
                let pause = pause(&POLICY, tries, None, &mut random)
                    .unwrap()
                    .as_millis();
                assert!((longest / 2..=longest).contains(&pause), "{tries}: {pause}");
            }
        }
    }

    #[test]
    fn what_the_provider_asks_for_is_waited_for_unless_it_is_too_long() {
        let mut random = StdRng::seed_from_u64(1);
        let mut wait = |seconds| pause(&POLICY, 1, Some(Duration::from_secs(seconds)), &mut random);
        assert_eq!(wait(5), Some(Duration::from_secs(5)));
        assert_eq!(wait(6), None);
    }
}
