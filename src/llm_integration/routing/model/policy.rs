//! How long a call may take, how often it is tried, and when a provider is left alone for a while.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Tries of one target, the first one included.
pub const MAX_ATTEMPTS: u32 = 10;
/// The longest time that a route can set (a day).
pub const MAX_MS: u64 = 24 * 60 * 60 * 1000;

/// What a route, or one of its targets, sets; what neither sets, the settings say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// From a try's begin to the first byte of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_timeout_ms: Option<u64>,
    /// Longest silence within an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// From the call's begin to the end of its answer, over all tries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_timeout_ms: Option<u64>,
    /// Tries of one target, the first one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The first pause between two tries; each next one is twice as long, and all are jittered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_backoff_ms: Option<u64>,
    /// The longest `retry-after` that is waited for; a longer one is a reason to go on at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hedge: Option<HedgePolicy>,
}

/// When a provider's model is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerPolicy {
    /// Share of failures, above 0 to 1, that opens it. Above 1 it never opens.
    pub failure_ratio: f64,
    /// Calls within the window below which it does not open.
    pub min_calls: u32,
    pub window_ms: u64,
    /// How long it stays open before probes may pass.
    pub open_ms: u64,
    /// Probes that must succeed before it closes; so many are under way at once.
    pub probes: u32,
}

/// A second try beside a slow first one; whichever answers first wins, and the other is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HedgePolicy {
    /// How long the first try is alone, until its latency is known well enough.
    pub after_ms: u64,
    /// Whether it is alone for as long as 95 of 100 recent calls took to their first byte.
    #[serde(default)]
    pub after_p95: bool,
}

/// What holds for the tries of one target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    pub first_byte_timeout: Duration,
    pub idle_timeout: Duration,
    pub total_timeout: Duration,
    pub attempts: u32,
    pub backoff: Duration,
    pub max_backoff: Duration,
    pub max_retry_after: Duration,
    pub breaker: BreakerPolicy,
    pub hedge: Option<HedgePolicy>,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failure_ratio: 0.5,
            min_calls: 20,
            window_ms: 30_000,
            open_ms: 5_000,
            probes: 1,
        }
    }
}

impl Policy {
    /// This policy with what `overrides` sets.
    #[must_use]
    pub fn with(self, overrides: &Overrides) -> Self {
        let Overrides {
            first_byte_timeout_ms,
            idle_timeout_ms,
            total_timeout_ms,
            attempts,
            backoff_ms,
            max_backoff_ms,
            max_retry_after_ms,
            breaker,
            hedge,
        } = *overrides;
        let time = |ms: Option<u64>, otherwise| ms.map_or(otherwise, Duration::from_millis);
        Self {
            first_byte_timeout: time(first_byte_timeout_ms, self.first_byte_timeout),
            idle_timeout: time(idle_timeout_ms, self.idle_timeout),
            total_timeout: time(total_timeout_ms, self.total_timeout),
            attempts: attempts.unwrap_or(self.attempts),
            backoff: time(backoff_ms, self.backoff),
            max_backoff: time(max_backoff_ms, self.max_backoff),
            max_retry_after: time(max_retry_after_ms, self.max_retry_after),
            breaker: breaker.unwrap_or(self.breaker),
            hedge: hedge.or(self.hedge),
        }
    }
}

impl Overrides {
    /// What is out of its range, by name.
    ///
    /// # Errors
    /// A sentence that names the field and what it takes.
    pub fn check(&self) -> Result<(), String> {
        let times = [
            ("first_byte_timeout_ms", self.first_byte_timeout_ms),
            ("idle_timeout_ms", self.idle_timeout_ms),
            ("total_timeout_ms", self.total_timeout_ms),
            ("backoff_ms", self.backoff_ms),
            ("max_backoff_ms", self.max_backoff_ms),
            ("max_retry_after_ms", self.max_retry_after_ms),
            ("hedge.after_ms", self.hedge.map(|hedge| hedge.after_ms)),
        ];
        for (name, value) in times {
            if value.is_some_and(|ms| !(1..=MAX_MS).contains(&ms)) {
                return Err(format!("`{name}` takes 1 to {MAX_MS} milliseconds"));
            }
        }
        if self
            .attempts
            .is_some_and(|attempts| !(1..=MAX_ATTEMPTS).contains(&attempts))
        {
            return Err(format!("`attempts` takes 1 to {MAX_ATTEMPTS}"));
        }
        self.breaker.map_or(Ok(()), |breaker| breaker.check())
    }
}

impl BreakerPolicy {
    /// # Errors
    /// A sentence that names the field and what it takes.
    pub fn check(&self) -> Result<(), String> {
        let is_time = |ms: u64| (1..=MAX_MS).contains(&ms);
        if !(self.failure_ratio.is_finite() && self.failure_ratio > 0.0) {
            return Err("`breaker.failure_ratio` is greater than 0".to_owned());
        }
        if !is_time(self.window_ms) || !is_time(self.open_ms) {
            return Err(format!(
                "`breaker.window_ms` and `breaker.open_ms` take 1 to {MAX_MS} milliseconds"
            ));
        }
        if self.min_calls == 0 || self.probes == 0 {
            return Err("`breaker.min_calls` and `breaker.probes` are at least 1".to_owned());
        }
        Ok(())
    }
}
