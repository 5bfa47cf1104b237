//! A whole answer for a client, written.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{item_out, usage};
use crate::llm_integration::dialects::{
    Dialect, EncodeContext,
    chat::{Answer, Choice, Content, Part, StopReason},
    openai_chat::answer_out::service_tier,
};

pub(super) fn encode(answer: &Answer, context: &EncodeContext) -> Bytes {
    let none = Choice::default();
    // A request in this dialect can not ask for several.
    let choice = answer.choices.first().unwrap_or(&none);
    let logprobs = logprobs_of(choice.logprobs.as_ref());
    let parts = choice.parts.iter().enumerate();
    let output: Vec<Value> = parts
        .filter_map(|(at, part)| item(part, &context.id, at, &logprobs))
        .collect();
    let mut head = Head::new(context);
    head.model = answer.model.clone().unwrap_or(head.model);
    head.created = answer.created.unwrap_or(head.created);
    head.service_tier = answer.service_tier.as_deref().map(service_tier);
    let (status, details) = status(choice.stop.as_ref());
    let mut body = head.response(status, &output);
    body["incomplete_details"] = details;
    body["completed_at"] = head.created.into();
    body["usage"] = usage::encode(&answer.usage.unwrap_or_default());
    Bytes::from(body.to_string())
}

/// What every form of the response says.
pub(super) struct Head {
    pub id: String,
    pub model: String,
    pub created: i64,
    pub service_tier: Option<&'static str>,
    echo: Map<String, Value>,
}

impl Head {
    pub fn new(context: &EncodeContext) -> Self {
        Self {
            id: format!("resp_{}", context.id),
            model: context.model.clone(),
            created: context.created,
            service_tier: None,
            echo: context.echo.clone(),
        }
    }

    pub fn response(&self, status: &str, output: &[Value]) -> Value {
        let mut body = json!({
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "background": false,
            "error": null,
            "incomplete_details": null,
            "model": self.model,
            "output": output,
        });
        for (name, value) in &self.echo {
            body[name] = value.clone();
        }
        if let Some(tier) = self.service_tier {
            body["service_tier"] = tier.into();
        }
        body["usage"] = Value::Null;
        body
    }
}

/// The status, and why it is incomplete.
pub(super) fn status(stop: Option<&StopReason>) -> (&'static str, Value) {
    let incomplete = |reason: &str| ("incomplete", json!({ "reason": reason }));
    match stop {
        Some(StopReason::MaxTokens | StopReason::ContextWindow) => incomplete("max_output_tokens"),
        Some(StopReason::ContentFilter) => incomplete("content_filter"),
        Some(
            StopReason::End
            | StopReason::StopSequence(_)
            | StopReason::ToolUse
            | StopReason::Refusal(_)
            | StopReason::PauseTurn
            | StopReason::Other(_),
        ) => ("completed", Value::Null),
        None => ("incomplete", Value::Null),
    }
}

/// The list of tokens, from chat completions' form.
pub(super) fn logprobs_of(logprobs: Option<&Value>) -> Value {
    let content = logprobs.and_then(|logprobs| logprobs.get("content"));
    content
        .filter(|content| content.is_array())
        .cloned()
        .unwrap_or_else(|| json!([]))
}

/// The item of a part; `None` for what this dialect does not have in answers.
pub(super) fn item(part: &Part, id: &str, at: usize, logprobs: &Value) -> Option<Value> {
    let item = match &part.content {
        Content::Text(text) => {
            let annotations = part.extra.get("annotations").cloned();
            message(id, at, &text_part(text, annotations, logprobs))
        }
        Content::Refusal(text) => message(id, at, &json!({ "type": "refusal", "refusal": text })),
        Content::ToolUse(call) if call.custom => json!({ "type": "custom_tool_call",
            "id": item_id("ctc", id, at), "status": "completed", "call_id": call.id,
            "name": call.name, "input": call.arguments }),
        Content::ToolUse(call) => json!({ "type": "function_call", "id": item_id("fc", id, at),
            "status": "completed", "call_id": call.id, "name": call.name,
            "arguments": arguments(&call.arguments) }),
        Content::Thinking(thinking) => {
            let summary = if thinking.text.is_empty() {
                json!([])
            } else {
                json!([{ "type": "summary_text", "text": thinking.text }])
            };
            json!({ "type": "reasoning", "id": item_id("rs", id, at), "summary": summary,
                "encrypted_content": thinking.signature })
        }
        Content::RedactedThinking(data) => json!({ "type": "reasoning",
            "id": item_id("rs", id, at), "summary": [],
            "encrypted_content": item_out::redacted(data) }),
        Content::Opaque(opaque) if opaque.dialect == Dialect::OpenAiResponses => {
            opaque.value.clone()
        }
        _ => return None,
    };
    Some(item)
}

fn message(id: &str, at: usize, content: &Value) -> Value {
    json!({ "type": "message", "id": item_id("msg", id, at), "status": "completed",
        "role": "assistant", "content": [content] })
}

pub(super) fn text_part(text: &str, annotations: Option<Value>, logprobs: &Value) -> Value {
    let annotations = annotations.unwrap_or_else(|| json!([]));
    json!({ "type": "output_text", "text": text, "annotations": annotations,
        "logprobs": logprobs })
}

/// A tool that takes nothing is called with an empty object, which clients parse.
pub(super) fn arguments(text: &str) -> &str {
    if text.is_empty() { "{}" } else { text }
}

pub(super) fn item_id(prefix: &str, id: &str, at: usize) -> String {
    format!("{prefix}_{id}_{at}")
}
