//! How long a provider's model takes to its first byte: a peak-sensitive average, and a percentile.

use std::time::Duration;

use tokio::time::Instant;

/// How long a measurement is remembered: after it, a third of its weight is left.
const DECAY: Duration = Duration::from_secs(10);
/// Measurements that the percentile is taken of.
const RECENT: usize = 128;
/// Fewer tell no percentile.
const ENOUGH: usize = 20;

/// Rises at once with a slow answer, falls slowly with quick ones.
#[derive(Debug)]
pub(super) struct Latency {
    /// In seconds.
    average: f64,
    at: Option<Instant>,
    recent: Vec<Duration>,
    next: usize,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            average: 0.0,
            at: None,
            recent: Vec::new(),
            next: 0,
        }
    }
}

impl Latency {
    pub fn observe(&mut self, took: Duration, now: Instant) {
        let kept = self.kept(now);
        let seconds = took.as_secs_f64();
        self.average = if seconds > self.average {
            seconds
        } else {
            self.average * kept + seconds * (1.0 - kept)
        };
        self.at = Some(now);
        if self.recent.len() < RECENT {
            self.recent.push(took);
        } else {
            self.recent[self.next] = took;
        }
        self.next = (self.next + 1) % RECENT;
    }

    /// In seconds; falls while nothing is measured, so that who was slow is asked again some time.
    pub fn average(&self, now: Instant) -> f64 {
        self.average * self.kept(now)
    }

    /// What 95 of 100 recent calls did not exceed; `None` while too few are known.
    pub fn p95(&self) -> Option<Duration> {
        if self.recent.len() < ENOUGH {
            return None;
        }
        let mut sorted = self.recent.clone();
        let at = (sorted.len() * 95).div_ceil(100) - 1;
        let (_, p95, _) = sorted.select_nth_unstable(at);
        Some(*p95)
    }

    fn kept(&self, now: Instant) -> f64 {
        let Some(at) = self.at else { return 1.0 };
        let passed = now.saturating_duration_since(at);
        (-passed.as_secs_f64() / DECAY.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_counts_at_once_and_is_forgotten_slowly() {
        let (mut latency, now) = (Latency::default(), Instant::now());
        latency.observe(Duration::from_millis(100), now);
        latency.observe(Duration::from_secs(2), now);
        assert!((latency.average(now) - 2.0).abs() < 1e-9);
        let later = now + DECAY;
        latency.observe(Duration::from_millis(100), later);
        let average = latency.average(later);
        assert!((0.7..0.9).contains(&average), "{average}");
        assert!(latency.average(later + DECAY) < average / 2.0);
    }

    #[test]
    fn the_percentile_needs_enough_calls_and_keeps_the_recent_ones() {
        let (mut latency, now) = (Latency::default(), Instant::now());
        for ms in 1..=19 {
            latency.observe(Duration::from_millis(ms), now);
        }
        assert_eq!(latency.p95(), None);
        for ms in 20..=100 {
            latency.observe(Duration::from_millis(ms), now);
        }
        assert_eq!(latency.p95(), Some(Duration::from_millis(95)));
        for _ in 0..RECENT {
            latency.observe(Duration::from_millis(7), now);
        }
        assert_eq!(latency.p95(), Some(Duration::from_millis(7)));
    }
}
