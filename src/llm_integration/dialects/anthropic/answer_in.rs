//! A provider's whole answer, read. Fields that are not of the answer itself are ignored.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::llm_integration::{
    AnthropicUsage, Usage,
    dialects::{
        Dialect, Unreadable,
        chat::{Answer, Choice, Content, Opaque, Part, StopReason, Thinking, ToolUse},
    },
};

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    content: Vec<Value>,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    stop_details: Option<StopDetails>,
    usage: Option<MessageUsage>,
}

/// The tokens, and the tier that served them.
#[derive(Deserialize)]
pub(super) struct MessageUsage {
    #[serde(flatten)]
    pub tokens: AnthropicUsage,
    pub service_tier: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct StopDetails {
    explanation: Option<String>,
}

pub(super) fn decode(body: &[u8]) -> Result<Answer, Unreadable> {
    let message: Message = serde_json::from_slice(body).map_err(Unreadable::new)?;
    let stop = message
        .stop_reason
        .map(|reason| stop_reason(&reason, message.stop_sequence, message.stop_details));
    let (tokens, service_tier) = match message.usage {
        Some(usage) => (Some(Usage::from(usage.tokens)), usage.service_tier),
        None => (None, None),
    };
    let parts = message.content.into_iter().map(block);
    Ok(Answer {
        id: message.id,
        model: message.model,
        created: None,
        choices: vec![Choice {
            parts: parts.collect::<Result<_, _>>()?,
            stop,
            logprobs: None,
        }],
        usage: tokens,
        service_tier,
    })
}

pub(super) fn stop_reason(
    word: &str,
    sequence: Option<String>,
    details: Option<StopDetails>,
) -> StopReason {
    match word {
        "end_turn" => StopReason::End,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence(sequence),
        "tool_use" => StopReason::ToolUse,
        "pause_turn" => StopReason::PauseTurn,
        "refusal" => StopReason::Refusal(details.and_then(|details| details.explanation)),
        "model_context_window_exceeded" => StopReason::ContextWindow,
        other => StopReason::Other(other.to_owned()),
    }
}

/// A block of an answer. What is not known here stays as it is.
pub(super) fn block(block: Value) -> Result<Part, Unreadable> {
    let Value::Object(mut fields) = block else {
        return Err(Unreadable::new("a block of `content` is no object"));
    };
    let kind = text(&mut fields, "type");
    let content = match kind.as_str() {
        "text" => Content::Text(text(&mut fields, "text")),
        "thinking" => Content::Thinking(Thinking {
            text: text(&mut fields, "thinking"),
            signature: Some(text(&mut fields, "signature")).filter(|s| !s.is_empty()),
        }),
        "redacted_thinking" => Content::RedactedThinking(text(&mut fields, "data")),
        "tool_use" => Content::ToolUse(ToolUse {
            id: text(&mut fields, "id"),
            name: text(&mut fields, "name"),
            arguments: match fields.shift_remove("input") {
                Some(input) => input.to_string(),
                None => "{}".to_owned(),
            },
            custom: false,
        }),
        _ => {
            fields.shift_insert(0, "type".to_owned(), kind.clone().into());
            return Ok(Part::of(Content::Opaque(Opaque {
                dialect: Dialect::Anthropic,
                kind,
                value: fields.into(),
            })));
        }
    };
    fields.retain(|_, value| !value.is_null());
    Ok(Part {
        content,
        cache: None,
        extra: fields,
    })
}

fn text(fields: &mut Map<String, Value>, name: &str) -> String {
    match fields.shift_remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}
