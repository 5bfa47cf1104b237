//! Messages and the parts they are made of.

use serde_json::{Map, Value};

use crate::llm_integration::dialects::Dialect;

/// Whose turn it is. Results of tools are the user's turn, as in Anthropic's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions in the middle of a conversation; those before it are `Request::system`.
    System,
    User,
    Assistant,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub role: Role,
    /// The participant, where several share a role.
    pub name: Option<String>,
    pub parts: Vec<Part>,
    /// Fields that only the dialect it came in knows.
    pub extra: Map<String, Value>,
}

/// One part of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub content: Content,
    /// The provider shall keep the prompt up to here in its cache.
    pub cache: Option<CacheMark>,
    /// Fields that only the dialect it came in knows, such as `citations`.
    pub extra: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Text(String),
    Image(Image),
    /// Sound as base64; `format` such as `wav`.
    Audio {
        data: String,
        format: String,
    },
    Document(Document),
    /// The model asks for a tool.
    ToolUse(ToolUse),
    ToolResult(ToolResult),
    Thinking(Thinking),
    /// Thinking that only its provider can read.
    RedactedThinking(String),
    /// The model declines to answer, in its words.
    Refusal(String),
    /// Something that only its own dialect knows.
    Opaque(Opaque),
}

/// How long a provider's cache shall keep the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CacheMark {
    /// As long as the provider does by default: Anthropic's five minutes.
    #[default]
    Default,
    FiveMinutes,
    OneHour,
}

/// Where the bytes of an image or a document are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `data` is base64.
    Base64 {
        media_type: String,
        data: String,
    },
    Url(String),
    /// A file that was uploaded to the provider that speaks this dialect.
    File {
        dialect: Dialect,
        id: String,
    },
    /// A document that is plain text.
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub source: Source,
    /// OpenAI's `detail`: how closely the model shall look.
    pub detail: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub source: Source,
    /// Its title, or the name of its file.
    pub title: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUse {
    pub id: String,
    pub name: String,
    /// JSON text of an object; of a custom tool any text.
    pub arguments: String,
    /// OpenAI's custom tools take free text in place of an object.
    pub custom: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    pub tool_use_id: String,
    pub parts: Vec<Part>,
    pub is_error: bool,
    /// It answers a custom tool of OpenAI's.
    pub custom: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Thinking {
    pub text: String,
    /// The provider's proof that it is its own; a tool's result must come with it.
    pub signature: Option<String>,
}

/// A value in the words of one dialect, which no other can carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Opaque {
    pub dialect: Dialect,
    /// Its `type`.
    pub kind: String,
    pub value: Value,
}

impl Part {
    pub fn of(content: Content) -> Self {
        Self {
            content,
            cache: None,
            extra: Map::new(),
        }
    }

    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Content::Text(text.into()))
    }
}

impl Message {
    pub fn of(role: Role, parts: Vec<Part>) -> Self {
        Self {
            role,
            name: None,
            parts,
            extra: Map::new(),
        }
    }
}

impl ToolUse {
    /// The arguments as an object; no arguments at all are an empty one. `None` when they are no
    /// JSON object.
    pub fn input(&self) -> Option<Map<String, Value>> {
        if self.arguments.trim().is_empty() {
            return Some(Map::new());
        }
        serde_json::from_str(&self.arguments).ok()
    }
}

impl Content {
    /// What it is called in messages to people.
    pub fn name(&self) -> &str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Audio { .. } => "audio",
            Self::Document(_) => "document",
            Self::ToolUse(_) => "tool_use",
            Self::ToolResult(_) => "tool_result",
            Self::Thinking(_) => "thinking",
            Self::RedactedThinking(_) => "redacted_thinking",
            Self::Refusal(_) => "refusal",
            Self::Opaque(opaque) => &opaque.kind,
        }
    }
}
