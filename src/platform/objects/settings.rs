//! The `[objects]` section.

use serde::{Deserialize, Serialize};

use crate::platform::config::SecretText;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectSettings {
    pub url: String,
    pub region: String,
    pub endpoint: String,
    pub access_key_id: SecretText,
    pub secret_access_key: SecretText,
    pub timeout_seconds: u64,
}
