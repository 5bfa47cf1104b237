//! The `[documents.answers]` section.

use serde::{Deserialize, Serialize};

use crate::platform::config::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSettings {
    pub model: String,
    pub context_tokens: u64,
    pub passages: u32,
    pub max_output_tokens: u64,
}

impl AnswerSettings {
    /// # Errors
    /// When a model would be shown nothing, or could say nothing.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let positive = [
            ("documents.answers.context_tokens", self.context_tokens),
            ("documents.answers.passages", self.passages.into()),
            (
                "documents.answers.max_output_tokens",
                self.max_output_tokens,
            ),
        ];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => {
                let what = format!("`{key}` must be greater than 0");
                Err(ConfigError::Rejected(what))
            }
            None => Ok(()),
        }
    }
}
