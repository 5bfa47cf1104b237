//! The `[media]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MediaSettings {
    pub size_limit_bytes: usize,
    pub url_seconds: u64,
}

impl MediaSettings {
    pub const fn url_lives(&self) -> Duration {
        Duration::from_secs(self.url_seconds)
    }
}
