//! The `[events]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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

impl EventSettings {
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
