//! The `[redis]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::platform::config::SecretText;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    pub url: SecretText,
    pub connect_timeout_ms: u64,
    pub response_timeout_ms: u64,
    pub retry_max_delay_ms: u64,
    pub connections: usize,
}

impl RedisSettings {
    pub const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub const fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.response_timeout_ms)
    }

    pub const fn retry_max_delay(&self) -> Duration {
        Duration::from_millis(self.retry_max_delay_ms)
    }
}
