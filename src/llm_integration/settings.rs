//! The `[gateway]` section.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    llm_integration::{LimitsSettings, NamedProviderSettings},
    platform::config::SecretText,
};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    pub connect_timeout_ms: u64,
    pub first_byte_timeout_seconds: u64,
    pub idle_timeout_seconds: u64,
    pub response_limit_bytes: usize,
    pub capture_limit_bytes: usize,
    pub trace_timeout_ms: u64,
    pub limits: LimitsSettings,
    pub openai: ProviderSettings,
    pub anthropic: ProviderSettings,
    pub provider_private_hosts: Vec<String>,
    pub providers: BTreeMap<String, NamedProviderSettings>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    pub base_url: String,
    pub api_key: SecretText,
}

impl GatewaySettings {
    pub const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub const fn first_byte_timeout(&self) -> Duration {
        Duration::from_secs(self.first_byte_timeout_seconds)
    }

    pub const fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }

    pub const fn trace_timeout(&self) -> Duration {
        Duration::from_millis(self.trace_timeout_ms)
    }
}
