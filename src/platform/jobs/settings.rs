//! The `[jobs]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::platform::config::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JobSettings {
    pub concurrency: usize,
    pub poll_interval_ms: u64,
    pub heartbeat_ms: u64,
    pub orphan_after_ms: u64,
    pub cancel_grace_seconds: u64,
    pub retention_hours: u64,
}

impl JobSettings {
    /// # Errors
    /// When jobs would be taken for orphans between two signs of life.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.heartbeat_ms > 0 && self.orphan_after_ms >= 3 * self.heartbeat_ms {
            return Ok(());
        }
        Err(ConfigError::Rejected(
            "`jobs.orphan_after_ms` must be at least three times `jobs.heartbeat_ms`, and both more than 0"
                .to_owned(),
        ))
    }

    pub const fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }

    pub const fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms)
    }

    pub const fn orphan_after(&self) -> Duration {
        Duration::from_millis(self.orphan_after_ms)
    }

    pub const fn cancel_grace(&self) -> Duration {
        Duration::from_secs(self.cancel_grace_seconds)
    }

    pub const fn retention(&self) -> Duration {
        Duration::from_hours(self.retention_hours)
    }
}
