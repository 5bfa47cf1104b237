//! How long to wait before a try: what the provider says, or a growing pause with jitter.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::Rng;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::Policy;

const RETRY_AFTER_MS: &str = "retry-after-ms";

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

/// What `retry-after-ms` or `retry-after` asks for: seconds, or a date.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str| text.parse::<f64>().ok();
    if let Some(ms) = text(RETRY_AFTER_MS).and_then(seconds) {
        return Duration::try_from_secs_f64(ms / 1000.0).ok();
    }
    let given = text(RETRY_AFTER.as_str())?;
    if let Some(seconds) = seconds(given) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = DateTime::parse_from_rfc2822(given).ok()?;
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or_default())
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
        restart_streams: false,
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

    #[test]
    fn milliseconds_seconds_and_dates_are_understood() {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        for (name, value, expected) in [
            ("retry-after-ms", "1500", Some(1_500)),
            ("retry-after", "2", Some(2_000)),
            ("retry-after", "0.5", Some(500)),
            ("retry-after", "Sun, 22 Nov 2026 10:00:03 GMT", Some(3_000)),
            ("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
            ("retry-after", "soon", None),
            ("retry-after", "-1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let found = retry_after(&headers, now);
            assert_eq!(
                found,
                expected.map(Duration::from_millis),
                "{name}: {value}"
            );
        }
    }
}
