//! The `[identity]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::platform::config::SecretText;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    pub key_hash_secret: SecretText,
    pub cache_seconds: u64,
    pub last_used_seconds: u64,
    pub init: InitSettings,
}

/// The first project, created at start unless it exists.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InitSettings {
    pub organization_id: String,
    pub organization_name: String,
    pub project_id: String,
    pub project_name: String,
    pub public_key: String,
    pub secret_key: SecretText,
    pub user_email: String,
    pub user_name: String,
    pub user_password: SecretText,
}

impl IdentitySettings {
    pub const fn cache_ttl(&self) -> Duration {
        Duration::from_secs(self.cache_seconds)
    }

    pub const fn last_used_interval(&self) -> Duration {
        Duration::from_secs(self.last_used_seconds)
    }
}
