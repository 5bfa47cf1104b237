//! The `[gateway.cache]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CacheSettings {
    pub default_ttl_seconds: u64,
    pub memory_bytes: u64,
    pub answer_limit_bytes: usize,
}

impl CacheSettings {
    pub const fn default_ttl(&self) -> Duration {
        Duration::from_secs(self.default_ttl_seconds)
    }
}
