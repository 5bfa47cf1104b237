//! A streamed answer, step by step.

use serde_json::Value;

use super::{Opaque, StopReason};
use crate::llm_integration::{Usage, dialects::ProviderError};

/// One step. Parts of a choice are numbered from 0, and each is started, continued and ended; parts
/// may be open at the same time, as OpenAI's parallel tool calls are.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Start {
        id: Option<String>,
        model: Option<String>,
        created: Option<i64>,
        service_tier: Option<String>,
    },
    PartStart {
        choice: usize,
        part: usize,
        start: PartStart,
    },
    Delta {
        choice: usize,
        part: usize,
        delta: Delta,
    },
    PartEnd {
        choice: usize,
        part: usize,
    },
    /// Of the tokens that came, in OpenAI's form.
    Logprobs {
        choice: usize,
        logprobs: Value,
    },
    Stop {
        choice: usize,
        reason: StopReason,
    },
    /// All that is known so far, replacing what was said before.
    Usage(Usage),
    /// The provider failed in the middle of its answer.
    Error(ProviderError),
    /// Nothing, to keep the connection.
    Ping,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PartStart {
    Text,
    Thinking,
    RedactedThinking(String),
    Refusal,
    ToolUse {
        id: String,
        name: String,
        custom: bool,
    },
    Opaque(Opaque),
}

impl Delta {
    /// What of it the model wrote itself.
    pub fn written(&self) -> &str {
        match self {
            Self::Text(text)
            | Self::Thinking(text)
            | Self::Refusal(text)
            | Self::Arguments(text) => text,
            Self::Signature(_) | Self::Citation(_) => "",
        }
    }
}

/// What continues a part.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    Text(String),
    Thinking(String),
    /// A part of the signature of a thinking.
    Signature(String),
    Refusal(String),
    /// A part of the text of a tool's arguments.
    Arguments(String),
    /// Where the text was read, in Anthropic's form; one of a list.
    Citation(Value),
}
