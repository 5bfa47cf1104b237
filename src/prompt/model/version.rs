//! Versions: what was published, never changed afterwards.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Content, Kind, Label, PromptId, PromptName, Tags,
    limits::{
        COMMIT_MESSAGE_MAX_CHARS, CONFIG_MAX_BYTES, LABELS_MAX, require_at_most, require_no_nul,
    },
};
use crate::{
    kernel::{Id, Timestamp},
    prompt::PromptError,
};

/// Marker of [`VersionId`].
pub enum VersionMarker {}
pub type VersionId = Id<VersionMarker>;

/// 1, 2, 3 and so on within a prompt; never given out twice while the prompt exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(i32);

impl VersionNumber {
    pub const FIRST: Self = Self(1);

    /// # Errors
    /// `prompt_invalid` unless 1 or more.
    pub fn parse(number: i32) -> Result<Self, PromptError> {
        if number >= 1 {
            return Ok(Self(number));
        }
        Err(PromptError::invalid(
            "version",
            format!("is {number}; versions start at 1"),
        ))
    }

    pub(in crate::prompt) const fn stored(number: i32) -> Self {
        Self(number)
    }

    pub const fn get(self) -> i32 {
        self.0
    }

    #[must_use]
    pub(super) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What somebody wants to publish: everything in it is valid by itself.
#[derive(Clone, Debug)]
pub struct Draft {
    pub name: PromptName,
    pub content: Content,
    pub config: Config,
    pub commit_message: Option<CommitMessage>,
    /// To point at the new version.
    pub labels: Vec<Label>,
    /// The prompt's tags from now on; `None` leaves them as they are.
    pub tags: Option<Tags>,
}

/// JSON that travels with a version: model, temperature, tools, whatever the application needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Config(Value);

impl Config {
    /// # Errors
    /// `prompt_invalid` when it is too large.
    pub fn parse(json: Option<Value>) -> Result<Self, PromptError> {
        let json = json.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        require_at_most(
            "config",
            json.to_string().len(),
            CONFIG_MAX_BYTES,
            "bytes of JSON",
        )?;
        Ok(Self(json))
    }

    pub(in crate::prompt) fn stored(json: Value) -> Self {
        Self(json)
    }

    pub fn as_json(&self) -> &Value {
        &self.0
    }

    pub fn into_json(self) -> Value {
        self.0
    }
}

/// Why a version was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitMessage(String);

impl CommitMessage {
    /// # Errors
    /// `prompt_invalid` when it is too long or holds a NUL.
    pub fn parse(text: String) -> Result<Self, PromptError> {
        require_no_nul("commit_message", &text)?;
        require_at_most(
            "commit_message",
            text.chars().count(),
            COMMIT_MESSAGE_MAX_CHARS,
            "characters",
        )?;
        Ok(Self(text))
    }

    pub(in crate::prompt) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
/// `prompt_invalid` or `prompt_label_reserved`.
pub fn parse_labels<'a>(
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Label>, PromptError> {
    let mut labels = texts
        .into_iter()
        .map(Label::parse_settable)
        .collect::<Result<Vec<_>, _>>()?;
    labels.sort_unstable();
    labels.dedup();
    require_at_most("labels", labels.len(), LABELS_MAX, "labels")?;
    Ok(labels)
}

/// A published version, as it is stored.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: VersionId,
    pub prompt: PromptId,
    pub number: VersionNumber,
    pub content: Content,
    pub config: Config,
    pub commit_message: Option<CommitMessage>,
    /// Who published it, as [`Actor::signature`](crate::kernel::Actor::signature) gives it.
    pub author: String,
    pub created_at: Timestamp,
    /// When its labels or tags last changed.
    pub updated_at: Timestamp,
}

impl Version {
    pub const fn kind(&self) -> Kind {
        self.content.kind()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_config_is_any_json_up_to_its_limit() {
        assert_eq!(Config::parse(None).unwrap().into_json(), json!({}));
        assert_eq!(
            Config::parse(Some(json!([1, null]))).unwrap().into_json(),
            json!([1, null])
        );
        assert!(Config::parse(Some(Value::String("x".repeat(CONFIG_MAX_BYTES - 2)))).is_ok());
        assert!(Config::parse(Some(Value::String("x".repeat(CONFIG_MAX_BYTES - 1)))).is_err());
    }

    #[test]
    fn labels_of_a_request_count_once_and_never_hold_latest() {
        let labels = parse_labels(["b", "a", "b"]).unwrap();
        assert_eq!(
            labels.iter().map(Label::as_str).collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert!(matches!(
            parse_labels(["a", "latest"]),
            Err(PromptError::LabelReserved)
        ));
        assert!(CommitMessage::parse("x".repeat(COMMIT_MESSAGE_MAX_CHARS + 1)).is_err());
        assert!(VersionNumber::parse(0).is_err());
    }
}
