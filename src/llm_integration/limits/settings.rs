//! The `[gateway.limits]` section.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsSettings {
    pub when_redis_is_down: WhenRedisIsDown,
    pub default_output_tokens: u64,
}

/// What becomes of calls that have a limit while Redis does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenRedisIsDown {
    /// 503.
    Refuse,
    /// Each process counts for itself.
    Local,
}
