//! The `[ingest]` section.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IngestSettings {
    pub otlp_body_limit_bytes: usize,
    pub memory_bytes: usize,
}
