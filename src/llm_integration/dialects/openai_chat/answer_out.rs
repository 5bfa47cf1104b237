//! A whole answer for a client, written.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{message_out, usage};
use crate::llm_integration::dialects::{
    EncodeContext,
    chat::{Answer, Choice, Content, StopReason},
};

pub(super) fn encode(answer: &Answer, context: &EncodeContext) -> Bytes {
    let choices: Vec<_> = answer
        .choices
        .iter()
        .enumerate()
        .map(|(index, choice)| encode_choice(index, choice))
        .collect();
    let mut body = json!({
        "id": answer.id.as_ref().unwrap_or(&context.id),
        "object": "chat.completion",
        "created": answer.created.unwrap_or(context.created),
        "model": answer.model.as_ref().unwrap_or(&context.model),
        "choices": choices,
    });
    if let Some(usage) = &answer.usage {
        body["usage"] = usage::encode(usage);
    }
    if let Some(tier) = &answer.service_tier {
        body["service_tier"] = service_tier(tier).into();
    }
    Bytes::from(body.to_string())
}

/// Another vendor's tier by OpenAI's name for it.
pub(in super::super) fn service_tier(tier: &str) -> &'static str {
    match tier {
        "priority" => "priority",
        "flex" => "flex",
        "scale" => "scale",
        "fast" => "fast",
        _ => "default",
    }
}

fn encode_choice(index: usize, choice: &Choice) -> Value {
    let reason = choice.stop.as_ref().map(finish_reason);
    json!({
        "index": index,
        "message": message(choice),
        "logprobs": choice.logprobs,
        "finish_reason": reason,
    })
}

/// One of the words that OpenAI's SDKs know: the strict ones can not read an answer with another.
pub(super) fn finish_reason(stop: &StopReason) -> &str {
    match stop {
        StopReason::Other(_) => "stop",
        known => known.finish_reason(),
    }
}

/// The message of a choice. Parts that only another dialect knows, such as the steps of a tool that
/// the provider ran, are left out: what the model says does not depend on them.
pub(in super::super) fn message(choice: &Choice) -> Value {
    let (mut content, mut refusal, mut reasoning) = (None, None, String::new());
    let (mut blocks, mut calls) = (Vec::new(), Vec::new());
    for part in &choice.parts {
        match &part.content {
            Content::Text(text) => content.get_or_insert_with(String::new).push_str(text),
            Content::Refusal(text) => refusal.get_or_insert_with(String::new).push_str(text),
            Content::Thinking(thinking) => {
                reasoning.push_str(&thinking.text);
                if let Some(signature) = &thinking.signature {
                    blocks.push(json!({ "type": "thinking", "thinking": thinking.text,
                        "signature": signature }));
                }
            }
            Content::RedactedThinking(data) => {
                blocks.push(json!({ "type": "redacted_thinking", "data": data }));
            }
            Content::ToolUse(call) => calls.push(message_out::tool_call(call)),
            Content::Image(_)
            | Content::Audio { .. }
            | Content::Document(_)
            | Content::ToolResult(_)
            | Content::Opaque(_) => {}
        }
    }
    if let Some(StopReason::Refusal(Some(explanation))) = &choice.stop {
        refusal.get_or_insert_with(|| explanation.clone());
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), "assistant".into());
    message.insert("content".to_owned(), content.into());
    message.insert("refusal".to_owned(), refusal.into());
    for (name, list) in [("thinking_blocks", blocks), ("tool_calls", calls)] {
        if !list.is_empty() {
            message.insert(name.to_owned(), list.into());
        }
    }
    if !reasoning.is_empty() {
        message.insert("reasoning_content".to_owned(), reasoning.into());
    }
    message.into()
}
