//! The `[server]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    pub bind: String,
    pub port: u16,
    pub public_url: String,
    pub workers: usize,
    pub max_connections: usize,
    pub max_in_flight: usize,
    pub body_limit_bytes: usize,
    pub header_limit_bytes: usize,
    pub url_limit_bytes: usize,
    pub request_timeout_seconds: u64,
    pub keep_alive_seconds: u64,
    pub cors_allowed_origins: Vec<String>,
    pub drain_delay_seconds: u64,
    pub drain_timeout_seconds: u64,
    pub idempotency_ttl_hours: u64,
}

impl ServerSettings {
    pub const fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }

    pub const fn drain_delay(&self) -> Duration {
        Duration::from_secs(self.drain_delay_seconds)
    }

    pub const fn drain_timeout(&self) -> Duration {
        Duration::from_secs(self.drain_timeout_seconds)
    }

    pub const fn idempotency_ttl(&self) -> Duration {
        Duration::from_secs(self.idempotency_ttl_hours * 3_600)
    }
}
