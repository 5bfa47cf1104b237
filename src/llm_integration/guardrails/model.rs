//! Guards: what they look for, where, for which calls, and what they do about it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::PiiKind;
use crate::kernel::{ApiKeyId, Id, Timestamp};

const MAX_NAME_CHARS: usize = 100;
const MAX_PATTERNS: usize = 50;
/// Words of one deny list, and characters of each.
const MAX_WORDS: usize = 10_000;
const MAX_WORD_CHARS: usize = 200;
/// Keys, routes and tags of a scope, each.
const MAX_SCOPE: usize = 100;
const MAX_TIMEOUT_MS: u64 = 60_000;

/// Marker of [`GuardId`].
pub enum GuardMarker {}

pub type GuardId = Id<GuardMarker>;

/// What a guard is called in findings, errors and traces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct GuardName(String);

impl GuardName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GuardName {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length == 0 || length > MAX_NAME_CHARS || text.chars().any(char::is_control) {
            return Err(format!(
                "`name` has 1 to {MAX_NAME_CHARS} characters, none of them control characters"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}
impl fmt::Display for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for GuardName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Input,
    Output,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
        })
    }
}

/// Where a guard looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phases {
    Input,
    Output,
    Both,
}

impl Phases {
    pub const fn contains(self, phase: Phase) -> bool {
        matches!(
            (self, phase),
            (Self::Both, _) | (Self::Input, Phase::Input) | (Self::Output, Phase::Output)
        )
    }
}

/// What a guard does about what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The call fails with `guardrail_blocked`.
    Block,
    /// What is found is replaced.
    Redact,
    /// It is only noted in the trace.
    Flag,
}

/// What a guard looks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    Regex {
        patterns: Vec<String>,
        #[serde(default)]
        ignore_case: bool,
    },
    /// Words in any width, case and composition.
    DenyList {
        words: Vec<String>,
        /// Not within longer words; for scripts that put spaces between words.
        #[serde(default)]
        whole_words: bool,
    },
    Pii {
        kinds: Vec<PiiKind>,
    },
    /// The output's text must be JSON of this schema.
    JsonSchema {
        schema: Value,
    },
    /// All texts together must not be longer.
    Size {
        max_chars: usize,
    },
    /// Asks a server.
    Http {
        url: String,
        timeout_ms: u64,
        when_unavailable: WhenUnavailable,
    },
}

/// What becomes of a call when an HTTP guard does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenUnavailable {
    Allow,
    Block,
}

/// The calls that a guard looks at: of one of the keys, to one of the routes, with one of the tags.
/// An empty list leaves that open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub keys: Vec<ApiKeyId>,
    pub routes: Vec<String>,
    pub tags: Vec<String>,
}

/// A guard as somebody sets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGuard {
    pub name: GuardName,
    #[serde(default = "yes")]
    pub enabled: bool,
    pub phases: Phases,
    pub action: Action,
    pub check: Check,
    #[serde(default)]
    pub scope: Scope,
    /// What stands in the place of what is redacted; each kind of check has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
}

/// A guard of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    pub id: GuardId,
    pub rule: NewGuard,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const fn yes() -> bool {
    true
}

impl NewGuard {
    /// What its types do not say.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn check(&self) -> Result<(), String> {
        let Scope { keys, routes, tags } = &self.scope;
        if keys.len().max(routes.len()).max(tags.len()) > MAX_SCOPE {
            return Err(format!("`scope` names at most {MAX_SCOPE} of each kind"));
        }
        if self
            .replacement
            .as_ref()
            .is_some_and(|text| text.chars().count() > MAX_NAME_CHARS)
        {
            return Err(format!(
                "`replacement` has at most {MAX_NAME_CHARS} characters"
            ));
        }
        match &self.check {
            Check::JsonSchema { .. } if self.phases != Phases::Output => {
                Err("`json_schema` looks at the output: `phases` must be `output`".to_owned())
            }
            Check::JsonSchema { .. } | Check::Size { .. } if self.action == Action::Redact => {
                Err("there is nothing to redact: `action` must be `block` or `flag`".to_owned())
            }
            check => check.limits(),
        }
    }
}

impl Check {
    fn limits(&self) -> Result<(), String> {
        let within = |field: &str, count: usize, most: usize| {
            if (1..=most).contains(&count) {
                Ok(())
            } else {
                Err(format!("`{field}` has {count}; it takes 1 to {most}"))
            }
        };
        match self {
            Self::Regex { patterns, .. } => within("patterns", patterns.len(), MAX_PATTERNS),
            Self::Pii { kinds } => within("kinds", kinds.len(), PiiKind::ALL.len()),
            Self::DenyList { words, .. } => {
                within("words", words.len(), MAX_WORDS)?;
                match words
                    .iter()
                    .find(|word| word.chars().count() > MAX_WORD_CHARS)
                {
                    Some(_) => Err(format!("a word has at most {MAX_WORD_CHARS} characters")),
                    None => Ok(()),
                }
            }
            Self::Http { timeout_ms, .. } if !(1..=MAX_TIMEOUT_MS).contains(timeout_ms) => Err(
                format!("`timeout_ms` is {timeout_ms}; it takes 1 to {MAX_TIMEOUT_MS}"),
            ),
            Self::Size { .. } | Self::JsonSchema { .. } | Self::Http { .. } => Ok(()),
        }
    }

    /// What a blocked caller is told about a finding.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Regex { .. } => "a pattern that is not allowed was found",
            Self::DenyList { .. } => "a word that is not allowed was found",
            Self::Pii { .. } => "personal data was found",
            Self::JsonSchema { .. } => "it is not JSON of the schema that it must have",
            Self::Size { .. } => "it is longer than it may be",
            Self::Http { .. } => "the guard that was asked does not allow it",
        }
    }
}
