//! The `[gateway]` section.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    llm_integration::{
        LimitsSettings, NamedProviderSettings, Route, RouteAlias,
        cache::CacheSettings,
        routing::{BreakerPolicy, Policy},
    },
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
    pub total_timeout_seconds: u64,
    pub max_in_flight: usize,
    pub max_in_flight_per_provider: usize,
    pub retries: RetrySettings,
    pub breaker: BreakerPolicy,
    /// What aliases stand for in every project that has no route of its own by that name.
    pub routes: BTreeMap<RouteAlias, Route>,
    pub cache: CacheSettings,
    pub limits: LimitsSettings,
    pub openai: ProviderSettings,
    pub anthropic: ProviderSettings,
    pub provider_key_secret: SecretText,
    pub provider_key_secret_previous: SecretText,
    pub provider_private_hosts: Vec<String>,
    pub providers: BTreeMap<String, NamedProviderSettings>,
}

/// What holds where neither a route nor a target says otherwise.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RetrySettings {
    pub attempts: u32,
    pub backoff_ms: u64,
    pub max_backoff_ms: u64,
    pub max_retry_after_ms: u64,
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

    /// The policy of a try that no route says anything of.
    pub const fn policy(&self) -> Policy {
        Policy {
            first_byte_timeout: self.first_byte_timeout(),
            idle_timeout: self.idle_timeout(),
            total_timeout: Duration::from_secs(self.total_timeout_seconds),
            attempts: self.retries.attempts,
            backoff: Duration::from_millis(self.retries.backoff_ms),
            max_backoff: Duration::from_millis(self.retries.max_backoff_ms),
            max_retry_after: Duration::from_millis(self.retries.max_retry_after_ms),
            breaker: self.breaker,
            hedge: None,
        }
    }

    pub const fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }

    pub const fn trace_timeout(&self) -> Duration {
        Duration::from_millis(self.trace_timeout_ms)
    }
}
