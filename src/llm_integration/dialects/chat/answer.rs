//! What a model answers.

use serde_json::Value;

use super::{Content, Part};
use crate::llm_integration::Usage;

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Answer {
    pub id: Option<String>,
    /// The model that answered, which can be more exact than the one asked for.
    pub model: Option<String>,
    /// Seconds since 1970.
    pub created: Option<i64>,
    /// One, unless several were asked for.
    pub choices: Vec<Choice>,
    /// `None` when the provider did not say.
    pub usage: Option<Usage>,
    pub service_tier: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Choice {
    pub parts: Vec<Part>,
    /// `None` when the answer broke off.
    pub stop: Option<StopReason>,
    /// In OpenAI's form.
    pub logprobs: Option<Value>,
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    End,
    MaxTokens,
    /// With the sequence, where the provider says which.
    StopSequence(Option<String>),
    ToolUse,
    /// The provider's filter cut the answer.
    ContentFilter,
    /// The model or its safety system declined, perhaps with an explanation.
    Refusal(Option<String>),
    /// The provider paused a long turn: send it back to go on.
    PauseTurn,
    ContextWindow,
    /// In the provider's word.
    Other(String),
}

impl Answer {
    /// The text of the first choice.
    pub fn text(&self) -> String {
        self.choices.first().map(Choice::text).unwrap_or_default()
    }
}

impl Choice {
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match &part.content {
            Content::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}

impl StopReason {
    /// OpenAI's `finish_reason`, the word that most readers know.
    pub fn finish_reason(&self) -> &str {
        match self {
            Self::End | Self::StopSequence(_) | Self::PauseTurn => "stop",
            Self::MaxTokens | Self::ContextWindow => "length",
            Self::ToolUse => "tool_calls",
            Self::ContentFilter | Self::Refusal(_) => "content_filter",
            Self::Other(reason) => reason,
        }
    }
}
