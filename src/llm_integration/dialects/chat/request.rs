//! What a client asks of a model.

use serde_json::{Map, Value};

use super::{Content, Message, Part, Tool, ToolChoice};
use crate::llm_integration::dialects::Dialect;

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Request {
    /// The dialect it came in.
    pub dialect: Dialect,
    pub model: String,
    /// Instructions before the conversation.
    pub system: Vec<Part>,
    pub messages: Vec<Message>,
    pub tools: Vec<Tool>,
    pub tool_choice: Option<ToolChoice>,
    pub parallel_tool_calls: Option<bool>,
    pub response_format: Option<ResponseFormat>,
    pub sampling: Sampling,
    /// Tokens that the answer may have, reasoning included.
    pub max_tokens: Option<u64>,
    /// To OpenAI's chat, the limit is called `max_tokens`, which is all that older compatible servers
    /// know, in place of `max_completion_tokens`.
    pub legacy_max_tokens: bool,
    pub stop: Vec<String>,
    pub reasoning: Reasoning,
    /// How many answers.
    pub n: Option<u64>,
    pub logprobs: Option<Logprobs>,
    /// The end user.
    pub user: Option<String>,
    /// Recorded on the trace; providers that have no such field do not get it.
    pub metadata: Map<String, Value>,
    pub service_tier: Option<String>,
    /// `low`, `medium` or `high`: how long the answer shall be.
    pub verbosity: Option<String>,
    pub stream: bool,
    /// The stream shall end with the usage, where that must be asked for.
    pub stream_usage: bool,
    /// Fields that only the dialect it came in knows; another dialect's encoder refuses or drops each.
    pub extra: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Sampling {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub seed: Option<i64>,
    pub logit_bias: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ResponseFormat {
    Text,
    /// Some JSON object.
    Json,
    JsonSchema {
        name: String,
        description: Option<String>,
        schema: Value,
        strict: Option<bool>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Logprobs {
    /// How many alternatives for each token.
    pub top: Option<u64>,
}

/// How much the model shall think, and what of it the client sees.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reasoning {
    pub mode: Option<ThinkingMode>,
    pub effort: Option<Effort>,
    pub summary: Option<ReasoningSummary>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingMode {
    Off,
    /// As much as the model finds right.
    Adaptive,
    BetweenTools,
    /// At most so many tokens.
    Budget(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningSummary {
    Omitted,
    Auto,
    Concise,
    Detailed,
}

impl Effort {
    /// Every effort with its name on the wire.
    const NAMES: [(Self, &'static str); 7] = [
        (Self::None, "none"),
        (Self::Minimal, "minimal"),
        (Self::Low, "low"),
        (Self::Medium, "medium"),
        (Self::High, "high"),
        (Self::XHigh, "xhigh"),
        (Self::Max, "max"),
    ];

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// The effort that a budget of tokens for thinking is nearest to.
    pub const fn of_budget(tokens: u64) -> Self {
        match tokens {
            0..=2_048 => Self::Low,
            2_049..=8_192 => Self::Medium,
            8_193..=24_576 => Self::High,
            _ => Self::XHigh,
        }
    }

    /// The other way, for models that know budgets only; `None` is no thinking.
    pub const fn budget(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Minimal => Some(1_024),
            Self::Low => Some(2_048),
            Self::Medium => Some(8_192),
            Self::High => Some(16_384),
            Self::XHigh | Self::Max => Some(32_768),
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(effort, _)| *effort)
    }
}

impl Request {
    /// Whether `name` is a tool that takes free text.
    pub fn has_custom_tool(&self, name: &str) -> bool {
        let mut customs = self
            .tools
            .iter()
            .filter(|tool| matches!(tool, Tool::Custom { .. }));
        customs.any(|tool| tool.name() == name)
    }

    /// Every text that the model will read, to look at or to change: instructions, messages and the
    /// results of tools.
    pub fn each_text_mut(&mut self, change: &mut impl FnMut(&mut String)) {
        each_text(&mut self.system, change);
        for message in &mut self.messages {
            each_text(&mut message.parts, change);
        }
    }
}

fn each_text(parts: &mut [Part], change: &mut impl FnMut(&mut String)) {
    for part in parts {
        match &mut part.content {
            Content::Text(text) | Content::Refusal(text) => change(text),
            Content::ToolUse(call) => change(&mut call.arguments),
            Content::ToolResult(result) => each_text(&mut result.parts, change),
            // A signature covers the thinking's text; what is opaque has no text that we know of.
            Content::Thinking(_)
            | Content::RedactedThinking(_)
            | Content::Image(_)
            | Content::Audio { .. }
            | Content::Document(_)
            | Content::Opaque(_) => {}
        }
    }
}
