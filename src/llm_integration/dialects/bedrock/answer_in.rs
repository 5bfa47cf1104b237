//! A provider's whole answer, read.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::usage::BedrockUsage;
use crate::llm_integration::{
    Usage,
    dialects::{
        Dialect, Unreadable,
        chat::{
            Answer, Choice, Content, Image, Opaque, Part, Source, StopReason, Thinking, ToolUse,
        },
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    output: Output,
    stop_reason: Option<String>,
    usage: Option<BedrockUsage>,
    service_tier: Option<ServiceTier>,
}

#[derive(Deserialize)]
struct Output {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct ServiceTier {
    #[serde(rename = "type")]
    name: String,
}

pub(super) fn decode(body: &[u8]) -> Result<Answer, Unreadable> {
    let response: Response = serde_json::from_slice(body).map_err(Unreadable::new)?;
    let blocks = response.output.message.content.into_iter();
    Ok(Answer {
        id: None,
        model: None,
        created: None,
        choices: vec![Choice {
            parts: blocks.flat_map(block).map(Part::of).collect(),
            stop: response.stop_reason.as_deref().map(stop_reason),
            logprobs: None,
        }],
        usage: response.usage.map(Usage::from),
        service_tier: response.service_tier.map(|tier| tier.name),
    })
}

pub(super) fn stop_reason(word: &str) -> StopReason {
    match word {
        "end_turn" => StopReason::End,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence(None),
        "guardrail_intervened" | "content_filtered" => StopReason::ContentFilter,
        "model_context_window_exceeded" => StopReason::ContextWindow,
        other => StopReason::Other(other.to_owned()),
    }
}

/// A block has one field, which says what it is. Cited text is text.
fn block(block: Map<String, Value>) -> Vec<Content> {
    let whole = block.clone();
    let Some((kind, value)) = block.into_iter().next() else {
        return Vec::new();
    };
    let text = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    let content = match kind.as_str() {
        "text" => value.as_str().map(|text| Content::Text(text.to_owned())),
        "toolUse" if value.get("type").is_none() => Some(Content::ToolUse(ToolUse {
            id: text(&value, "toolUseId").unwrap_or_default(),
            name: text(&value, "name").unwrap_or_default(),
            arguments: value
                .get("input")
                .filter(|input| !input.is_null())
                .map_or_else(|| "{}".to_owned(), Value::to_string),
            custom: false,
        })),
        "reasoningContent" => {
            let reasoning = &value["reasoningText"];
            match text(&value, "redactedContent") {
                Some(data) => Some(Content::RedactedThinking(data)),
                None => Some(Content::Thinking(Thinking {
                    text: text(reasoning, "text").unwrap_or_default(),
                    signature: text(reasoning, "signature"),
                })),
            }
        }
        "citationsContent" => {
            let cited = value["content"].as_array().into_iter().flatten();
            return cited
                .filter_map(|piece| text(piece, "text"))
                .map(Content::Text)
                .collect();
        }
        "image" => text(&value["source"], "bytes").map(|data| {
            let media_type = format!("image/{}", value["format"].as_str().unwrap_or("png"));
            let source = Source::Base64 { media_type, data };
            Content::Image(Image {
                source,
                detail: None,
            })
        }),
        _ => None,
    };
    let unknown = || {
        Content::Opaque(Opaque {
            dialect: Dialect::Bedrock,
            kind,
            value: whole.into(),
        })
    };
    vec![content.unwrap_or_else(unknown)]
}
