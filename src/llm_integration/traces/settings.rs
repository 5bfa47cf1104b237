//! The `[traces]` section.

use serde::{Deserialize, Serialize};

use crate::platform::config::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSettings {
    pub durability: TraceDurability,
    pub log_limit_bytes: u64,
    pub large_bytes: usize,
    pub retention_days: u32,
    pub live_connections: usize,
}

/// What a trace outlives once it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TraceDurability {
    /// The end of the process: it is in the log, and the system has it.
    Process,
    /// A power cut: it is in the log on disk.
    Disk,
    /// The loss of this machine, where the database is another: it is committed there.
    Database,
}

impl TraceSettings {
    /// # Errors
    /// When a limit is too small to work with.
    pub fn validate(&self) -> Result<(), ConfigError> {
        const LEAST_LOG_BYTES: u64 = 16 * 1024 * 1024;
        if self.log_limit_bytes < LEAST_LOG_BYTES {
            return Err(ConfigError::Rejected(format!(
                "`traces.log_limit_bytes` must be {LEAST_LOG_BYTES} or more"
            )));
        }
        Ok(())
    }
}
