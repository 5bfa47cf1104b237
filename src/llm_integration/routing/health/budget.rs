//! What keeps retries from amplifying an outage: they may be a share of the calls, and no more.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// Retries allowed for each call that begins.
const PER_CALL: f64 = 0.2;
/// Retries allowed each second however few calls there are.
const PER_SECOND: f64 = 5.0;
/// Retries that can be saved up.
const MOST: f64 = 200.0;
/// Retries that a process which has just begun may make.
const FIRST: f64 = 20.0;

/// One for the whole process: an outage of one provider must not be paid by the others' callers, but
/// their connections and places are shared.
#[derive(Debug)]
pub struct RetryBudget(Mutex<Saved>);

#[derive(Debug)]
struct Saved {
    retries: f64,
    at: Instant,
}

impl RetryBudget {
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(Saved {
            retries: FIRST,
            at: now,
        }))
    }

    /// A call begins.
    pub fn earn(&self) {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        saved.retries = (saved.retries + PER_CALL).min(MOST);
    }

    /// Whether one more retry, or hedge, may be made.
    pub fn spend(&self, now: Instant) -> bool {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(saved.at).as_secs_f64();
        saved.retries = (saved.retries + passed * PER_SECOND).min(MOST);
        saved.at = now;
        let may = saved.retries >= 1.0;
        if may {
            saved.retries -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn retries_run_out_calls_earn_them_and_time_does() {
        let now = Instant::now();
        let budget = RetryBudget::new(now);
        let spent = (0..100).filter(|_| budget.spend(now)).count();
        assert_eq!(spent, 20);
        for _ in 0..51 {
            budget.earn();
        }
        let spent = (0..100).filter(|_| budget.spend(now)).count();
        assert_eq!(spent, 10);
        let later = now + Duration::from_secs(1);
        let spent = (0..100).filter(|_| budget.spend(later)).count();
        assert_eq!(spent, 5);
    }
}
