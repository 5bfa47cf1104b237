//! The `[search]` section.

use serde::{Deserialize, Serialize};

use crate::platform::config::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SearchSettings {
    pub vector_memory_bytes: usize,
    pub hnsw_from_chunks: u64,
    pub hnsw_ef_search: u32,
    pub concurrency: usize,
}

/// What pgvector accepts.
const EF_SEARCH_MAX: u32 = 1_000;

impl SearchSettings {
    /// # Errors
    /// When PostgreSQL would refuse a value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if (1..=EF_SEARCH_MAX).contains(&self.hnsw_ef_search) {
            return Ok(());
        }
        Err(ConfigError::Rejected(format!(
            "`search.hnsw_ef_search` is {}; it must be between 1 and {EF_SEARCH_MAX}",
            self.hnsw_ef_search
        )))
    }
}
