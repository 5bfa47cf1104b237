//! A whole answer for a client, written.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{block_out, usage};
use crate::llm_integration::dialects::{
    Dialect, EncodeContext,
    chat::{Answer, Choice, Content, Part, StopReason},
};

pub(super) fn encode(answer: &Answer, context: &EncodeContext) -> Bytes {
    let none = Choice::default();
    // A request in this dialect can not ask for several.
    let choice = answer.choices.first().unwrap_or(&none);
    let blocks: Vec<Value> = choice.parts.iter().filter_map(block).collect();
    let mut body = json!({
        "id": answer.id.as_ref().unwrap_or(&context.id),
        "type": "message",
        "role": "assistant",
        "model": answer.model.as_ref().unwrap_or(&context.model),
        "content": blocks,
    });
    for (name, value) in stop(choice.stop.as_ref()) {
        body[name] = value;
    }
    body["usage"] = usage::encode(&answer.usage.unwrap_or_default());
    if let Some(tier) = &answer.service_tier {
        body["usage"]["service_tier"] = service_tier(tier).into();
    }
    Bytes::from(body.to_string())
}

/// Another vendor's tier by Anthropic's name for it.
pub(super) fn service_tier(tier: &str) -> &'static str {
    match tier {
        "priority" => "priority",
        "batch" => "batch",
        _ => "standard",
    }
}

/// `None` for what this dialect does not have in answers.
fn block(part: &Part) -> Option<Value> {
    let mut block = match &part.content {
        Content::Text(text) | Content::Refusal(text) => json!({ "type": "text", "text": text }),
        Content::Thinking(thinking) => json!({ "type": "thinking", "thinking": thinking.text,
            "signature": thinking.signature.as_deref().unwrap_or_default() }),
        Content::RedactedThinking(data) => json!({ "type": "redacted_thinking", "data": data }),
        Content::ToolUse(call) => block_out::tool_use(call),
        Content::Opaque(opaque) if opaque.dialect == Dialect::Anthropic => opaque.value.clone(),
        Content::Image(_)
        | Content::Audio { .. }
        | Content::Document(_)
        | Content::ToolResult(_)
        | Content::Opaque(_) => return None,
    };
    for (name, value) in &part.extra {
        block[name] = value.clone();
    }
    Some(block)
}

/// `stop_reason` and what belongs to it.
pub(super) fn stop(reason: Option<&StopReason>) -> Vec<(&'static str, Value)> {
    let (word, sequence) = match reason {
        None => (Value::Null, Value::Null),
        Some(reason) => {
            let sequence = match reason {
                StopReason::StopSequence(Some(sequence)) => sequence.as_str().into(),
                _ => Value::Null,
            };
            (word(reason).into(), sequence)
        }
    };
    let mut fields = vec![("stop_reason", word), ("stop_sequence", sequence)];
    if let Some(StopReason::Refusal(Some(explanation))) = reason {
        let details = json!({ "type": "refusal", "category": null, "explanation": explanation });
        fields.push(("stop_details", details));
    }
    fields
}

const fn word(reason: &StopReason) -> &'static str {
    match reason {
        StopReason::End | StopReason::Other(_) => "end_turn",
        StopReason::MaxTokens => "max_tokens",
        StopReason::StopSequence(_) => "stop_sequence",
        StopReason::ToolUse => "tool_use",
        StopReason::PauseTurn => "pause_turn",
        StopReason::ContentFilter | StopReason::Refusal(_) => "refusal",
        StopReason::ContextWindow => "model_context_window_exceeded",
    }
}
