//! What a client asks of a model.

use serde_json::{Map, Value};

use super::{Content, Message, Part, Tool, ToolChoice};
use crate::llm_integration::dialects::Dialect;

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Request {
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
    pub stop: Vec<String>,
    pub reasoning: Reasoning,
    /// How many answers.
    pub n: Option<u64>,
    pub logprobs: Option<Logprobs>,
    /// The end user.
    pub user: Option<String>,
    pub metadata: Map<String, Value>,
    pub service_tier: Option<String>,
    /// `low`, `medium` or `high`: how long the answer shall be.
    pub verbosity: Option<String>,
    pub stream: bool,
    /// The stream shall end with the usage, where that must be asked for.
    pub stream_usage: bool,
    pub extra: Extra,
}

/// Fields that only the dialect they came in knows; another dialect's encoder refuses or drops each.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Extra {
    /// `None` when there are no fields.
    pub dialect: Option<Dialect>,
    pub fields: Map<String, Value>,
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

    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(effort, _)| *effort)
    }
}

impl Request {
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
