//! The `[events]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::platform::config::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EventSettings {
    pub batch: u16,
    pub poll_interval_ms: u64,
    pub delivery_attempts: u32,
    pub claim_after_ms: u64,
    pub stream_max_events: usize,
    pub retention_hours: u64,
    pub dead_letter_hours: u64,
}

/// Shorter, and events would be taken over from handlers that are at work.
const LEAST_CLAIM_AFTER_MS: u64 = 100;

impl EventSettings {
    /// # Errors
    /// When no event could be delivered with these settings.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let rejected = |why: &str| Err(ConfigError::Rejected(why.to_owned()));
        match (self.batch, self.delivery_attempts, self.claim_after_ms) {
            (0, _, _) => rejected("`events.batch` must be greater than 0"),
            (_, 0, _) => rejected("`events.delivery_attempts` must be greater than 0"),
            (_, _, ..LEAST_CLAIM_AFTER_MS) => {
                rejected("`events.claim_after_ms` must be 100 or more")
            }
            _ => Ok(()),
        }
    }

    pub const fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }

    pub const fn claim_after(&self) -> Duration {
        Duration::from_millis(self.claim_after_ms)
    }

    /// What one handler has: it ends before its event could be taken over.
    pub const fn handler_limit(&self) -> Duration {
        Duration::from_millis(self.claim_after_ms / 2)
    }

    pub const fn retention(&self) -> Duration {
        Duration::from_hours(self.retention_hours)
    }

    pub const fn dead_letter_retention(&self) -> Duration {
        Duration::from_hours(self.dead_letter_hours)
    }
}
