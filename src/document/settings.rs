//! The `[documents]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    AnswerSettings,
    extraction::{EngineSettings, ExtractionSettings},
    search::SearchSettings,
};
use crate::platform::config::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentSettings {
    pub file_limit_bytes: u64,
    pub upload_idle_seconds: u64,
    pub upload_timeout_seconds: u64,
    pub documents_per_project: u64,
    pub bytes_per_project: u64,
    pub retention_days: u32,
    pub concurrency: usize,
    pub progress_interval_ms: u64,
    pub engines: EngineSettings,
    pub extraction: ExtractionSettings,
    pub search: SearchSettings,
    pub answers: AnswerSettings,
}

impl DocumentSettings {
    /// # Errors
    /// When nothing could be uploaded.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let positive = [
            ("documents.file_limit_bytes", self.file_limit_bytes),
            ("documents.upload_idle_seconds", self.upload_idle_seconds),
            (
                "documents.upload_timeout_seconds",
                self.upload_timeout_seconds,
            ),
            ("documents.progress_interval_ms", self.progress_interval_ms),
        ];
        if let Some((key, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            let what = format!("`{key}` must be greater than 0");
            return Err(ConfigError::Rejected(what));
        }
        self.extraction.validate()?;
        self.search.validate()?;
        self.answers.validate()
    }

    pub(super) const fn upload_idle(&self) -> Duration {
        Duration::from_secs(self.upload_idle_seconds)
    }

    pub(super) const fn upload_timeout(&self) -> Duration {
        Duration::from_secs(self.upload_timeout_seconds)
    }

    pub(super) const fn progress_interval(&self) -> Duration {
        Duration::from_millis(self.progress_interval_ms)
    }

    /// A limit of which 0 stands for none.
    pub(super) fn quota(limit: u64) -> Option<u64> {
        (limit > 0).then_some(limit)
    }
}
