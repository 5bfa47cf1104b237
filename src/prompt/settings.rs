//! The `[prompts]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PromptSettings {
    pub cache_seconds: u64,
    pub cache_bytes: u64,
    pub usage_flush_seconds: u64,
}

impl PromptSettings {
    pub const fn cache_ttl(&self) -> Duration {
        Duration::from_secs(self.cache_seconds)
    }

    pub const fn usage_flush_interval(&self) -> Duration {
        Duration::from_secs(self.usage_flush_seconds)
    }
}
