//! Answers in the wire formats of the vendors, whole and streamed, with a usage that a test states.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::{Value, json};

use crate::support::provider::{Reply, Step, done, event, send};

pub const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// A vendor's format of chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    OpenAiChat,
    OpenAiResponses,
    Anthropic,
    Gemini,
    Bedrock,
}

/// The text, cut as a stream may cut it.
fn halves(text: &str) -> [&str; 2] {
    let middle = text.find(' ').unwrap_or(text.len());
    [&text[..middle], &text[middle..]]
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai_chat",
            Self::OpenAiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
        }
    }

    /// A whole answer that says `text`, and that `usage` was used.
    pub fn whole(self, model: &str, text: &str, usage: &Value) -> Reply {
        let message = json!({ "role": "assistant", "content": text });
        let parts = json!([{ "type": "output_text", "text": text, "annotations": [] }]);
        let body = match self {
            Self::OpenAiChat => json!({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000, "model": model,
                "choices": [{ "index": 0, "finish_reason": "stop", "message": message }], "usage": usage,
            }),
            Self::OpenAiResponses => response(model, "completed", &parts, usage),
            Self::Anthropic => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": model,
                "content": [{ "type": "text", "text": text }], "stop_reason": "end_turn",
                "stop_sequence": null, "usage": usage,
            }),
            Self::Gemini => gemini(model, text, Some("STOP"), usage),
            Self::Bedrock => json!({
                "output": { "message": { "role": "assistant", "content": [{ "text": text }] } },
                "stopReason": "end_turn", "metrics": { "latencyMs": 5 }, "usage": usage,
            }),
        };
        Reply::json(200, &body)
    }

    /// The same as a stream.
    pub fn streamed(self, model: &str, text: &str, usage: &Value) -> Reply {
        let mut steps = self.beginning(model, text, usage);
        steps.extend(self.end(model, text, usage));
        self.reply(steps)
    }

    /// A stream that says `text` and breaks off before it tells the usage, where it does so at the end.
    pub fn cut_off(self, model: &str, text: &str, usage: &Value) -> Reply {
        let mut steps = self.beginning(model, text, usage);
        steps.push(Step::CutOff);
        self.reply(steps)
    }

    pub fn reply(self, steps: Vec<Step>) -> Reply {
        match self {
            Self::Bedrock => Reply::stream_of(EVENT_STREAM, steps),
            _ => Reply::stream(steps),
        }
    }

    /// A stream as far as the last of the text.
    pub fn beginning(self, model: &str, text: &str, usage: &Value) -> Vec<Step> {
        let [first, rest] = halves(text);
        match self {
            Self::OpenAiChat => vec![chunk(model, first, None), chunk(model, rest, None)],
            Self::OpenAiResponses => {
                let begun = response(model, "in_progress", &json!([]), &Value::Null);
                let item = json!({ "id": "msg_1", "type": "message", "role": "assistant",
                    "status": "in_progress", "content": [] });
                let delta = |text| {
                    json!({ "type": "response.output_text.delta", "item_id": "msg_1",
                    "output_index": 0, "content_index": 0, "delta": text })
                };
                let part = json!({ "type": "output_text", "text": "", "annotations": [] });
                vec![
                    named(&json!({ "type": "response.created", "response": begun })),
                    named(
                        &json!({ "type": "response.output_item.added", "output_index": 0, "item": item }),
                    ),
                    named(
                        &json!({ "type": "response.content_part.added", "item_id": "msg_1",
                        "output_index": 0, "content_index": 0, "part": part }),
                    ),
                    named(&delta(first)),
                    named(&delta(rest)),
                ]
            }
            Self::Anthropic => {
                let mut begun = usage.clone();
                begun["output_tokens"] = 1.into();
                let message = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": model,
                    "content": [], "stop_reason": null, "stop_sequence": null, "usage": begun });
                let block = json!({ "type": "text", "text": "" });
                let delta = |text| {
                    json!({ "type": "content_block_delta", "index": 0,
                    "delta": { "type": "text_delta", "text": text } })
                };
                vec![
                    named(&json!({ "type": "message_start", "message": message })),
                    named(
                        &json!({ "type": "content_block_start", "index": 0, "content_block": block }),
                    ),
                    named(&delta(first)),
                    named(&delta(rest)),
                ]
            }
            Self::Gemini => {
                let mut begun = usage.clone();
                begun["candidatesTokenCount"] = 1.into();
                begun["thoughtsTokenCount"] = 0.into();
                begun["totalTokenCount"] = Value::Null;
                let texts = [first, rest].map(|text| event(&gemini(model, text, None, &begun)));
                texts.to_vec()
            }
            Self::Bedrock => vec![
                frame("messageStart", &json!({ "role": "assistant" })),
                bedrock_text(first),
                bedrock_text(rest),
            ],
        }
    }

    /// What follows the last of the text.
    fn end(self, model: &str, text: &str, usage: &Value) -> Vec<Step> {
        match self {
            Self::OpenAiChat => {
                let told = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model,
                    "created": 1_790_000_000, "choices": [], "usage": usage });
                vec![chunk(model, "", Some("stop")), event(&told), done()]
            }
            Self::OpenAiResponses => {
                let parts = json!([{ "type": "output_text", "text": text, "annotations": [] }]);
                let whole = response(model, "completed", &parts, usage);
                let item = whole["output"][0].clone();
                vec![
                    named(
                        &json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
                    ),
                    named(&json!({ "type": "response.completed", "response": whole })),
                ]
            }
            Self::Anthropic => {
                let mut written = json!({ "output_tokens": usage["output_tokens"] });
                if let Some(details) = usage.get("output_tokens_details") {
                    written["output_tokens_details"] = details.clone();
                }
                let delta = json!({ "stop_reason": "end_turn", "stop_sequence": null });
                vec![
                    named(&json!({ "type": "content_block_stop", "index": 0 })),
                    named(&json!({ "type": "message_delta", "delta": delta, "usage": written })),
                    named(&json!({ "type": "message_stop" })),
                ]
            }
            Self::Gemini => vec![event(&gemini(model, "", Some("STOP"), usage))],
            Self::Bedrock => vec![
                frame("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
                frame("messageStop", &json!({ "stopReason": "end_turn" })),
                frame(
                    "metadata",
                    &json!({ "usage": usage, "metrics": { "latencyMs": 5 } }),
                ),
            ],
        }
    }
}

/// An event of Amazon's binary stream.
pub fn frame(name: &'static str, body: &Value) -> Step {
    let header = |name: &'static str, value: &'static str| {
        Header::new(name, HeaderValue::String(value.into()))
    };
    let headers = vec![
        header(":message-type", "event"),
        header(":event-type", name),
        header(":content-type", "application/json"),
    ];
    let message = Message::new_from_parts(headers, body.to_string().into_bytes());
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame");
    Step::Send(bytes)
}

pub fn bedrock_text(text: &str) -> Step {
    let delta = json!({ "contentBlockIndex": 0, "delta": { "text": text } });
    frame("contentBlockDelta", &delta)
}

/// A server-sent event with its name beside it.
fn named(data: &Value) -> Step {
    let name = data["type"].as_str().expect("a type");
    send(&format!("event: {name}\ndata: {data}\n\n"))
}

fn chunk(model: &str, text: &str, stop: Option<&str>) -> Step {
    event(
        &json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_790_000_000,
        "model": model, "usage": null,
        "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": stop }] }),
    )
}

fn gemini(model: &str, text: &str, stop: Option<&str>, usage: &Value) -> Value {
    let mut candidate =
        json!({ "index": 0, "content": { "role": "model", "parts": [{ "text": text }] } });
    if let Some(reason) = stop {
        candidate["finishReason"] = reason.into();
    }
    json!({ "candidates": [candidate], "usageMetadata": usage, "modelVersion": model,
        "responseId": "gemini-1" })
}

fn response(model: &str, status: &str, parts: &Value, usage: &Value) -> Value {
    let has_parts = parts.as_array().is_some_and(|parts| !parts.is_empty());
    let message = json!({ "id": "msg_1", "type": "message", "role": "assistant", "status": status,
        "content": parts });
    let output = if has_parts {
        json!([message])
    } else {
        json!([])
    };
    json!({ "id": "resp_1", "object": "response", "created_at": 1_790_000_000, "status": status,
        "model": model, "output": output, "usage": usage })
}
