//! OpenAI's whole answer, read. Fields that are not of the answer itself are ignored.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::item_in::REDACTED;
use crate::llm_integration::{
    OpenAiResponsesUsage, Usage,
    dialects::{
        Dialect, Unreadable,
        chat::{Answer, Choice, Content, Opaque, Part, StopReason, Thinking, ToolUse},
    },
};

#[derive(Deserialize)]
struct Response {
    id: Option<String>,
    model: Option<String>,
    created_at: Option<f64>,
    status: Option<String>,
    error: Option<ResponseError>,
    incomplete_details: Option<IncompleteDetails>,
    #[serde(default)]
    output: Vec<Value>,
    usage: Option<OpenAiResponsesUsage>,
    service_tier: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ResponseError {
    pub code: Option<String>,
    #[serde(default)]
    pub message: String,
}

#[derive(Deserialize)]
pub(super) struct IncompleteDetails {
    reason: Option<String>,
}

pub(super) fn decode(body: &[u8]) -> Result<Answer, Unreadable> {
    let response: Response = serde_json::from_slice(body).map_err(Unreadable::new)?;
    if let Some(error) = response.error {
        return Err(Unreadable::new(error.message));
    }
    let mut parts = Vec::new();
    for item in response.output {
        parts.extend(item_parts(item)?);
    }
    let said = Said {
        calls: parts
            .iter()
            .any(|part| matches!(part.content, Content::ToolUse(_))),
        refuses: parts
            .iter()
            .any(|part| matches!(part.content, Content::Refusal(_))),
    };
    let stop = stop_reason(
        response.status.as_deref(),
        response.incomplete_details,
        said,
    );
    Ok(Answer {
        id: response.id,
        model: response.model,
        created: response.created_at.map(seconds),
        choices: vec![Choice {
            parts,
            stop,
            logprobs: None,
        }],
        usage: response.usage.map(Usage::from),
        service_tier: response.service_tier,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "whole seconds are enough")]
pub(super) fn seconds(time: f64) -> i64 {
    time as i64
}

/// What of an answer says why it ended, where its status does not.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    pub calls: bool,
    pub refuses: bool,
}

pub(super) fn stop_reason(
    status: Option<&str>,
    details: Option<IncompleteDetails>,
    said: Said,
) -> Option<StopReason> {
    match status? {
        "completed" if said.calls => Some(StopReason::ToolUse),
        "completed" if said.refuses => Some(StopReason::Refusal(None)),
        "completed" => Some(StopReason::End),
        "incomplete" => Some(
            match details.and_then(|details| details.reason).as_deref() {
                Some("max_output_tokens") | None => StopReason::MaxTokens,
                Some("content_filter") => StopReason::ContentFilter,
                Some(other) => StopReason::Other(other.to_owned()),
            },
        ),
        _ => None,
    }
}

/// The parts of an item. What is not known here stays as it is.
pub(super) fn item_parts(item: Value) -> Result<Vec<Part>, Unreadable> {
    let Value::Object(mut fields) = item else {
        return Err(Unreadable::new("an item of `output` is no object"));
    };
    let kind = fields
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    match kind.as_str() {
        "message" => {
            let contents = match fields.shift_remove("content") {
                Some(Value::Array(contents)) => contents,
                _ => Vec::new(),
            };
            Ok(contents.into_iter().filter_map(content).collect())
        }
        "function_call" => Ok(vec![call(&mut fields, "arguments", false)]),
        "custom_tool_call" => Ok(vec![call(&mut fields, "input", true)]),
        "reasoning" => Ok(vec![reasoning(&mut fields)]),
        _ => Ok(vec![Part::of(Content::Opaque(Opaque {
            dialect: Dialect::OpenAiResponses,
            kind,
            value: fields.into(),
        }))]),
    }
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.shift_remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn content(content: Value) -> Option<Part> {
    let Value::Object(mut fields) = content else {
        return None;
    };
    let content = match text(&mut fields, "type")?.as_str() {
        "output_text" => Content::Text(text(&mut fields, "text")?),
        "refusal" => Content::Refusal(text(&mut fields, "refusal")?),
        _ => return None,
    };
    let mut part = Part::of(content);
    if let Some(Value::Array(annotations)) = fields.shift_remove("annotations")
        && !annotations.is_empty()
    {
        part.extra
            .insert("annotations".to_owned(), annotations.into());
    }
    Some(part)
}

fn call(fields: &mut Map<String, Value>, arguments: &str, custom: bool) -> Part {
    let mut said = |name| text(fields, name).unwrap_or_default();
    Part::of(Content::ToolUse(ToolUse {
        id: said("call_id"),
        name: said("name"),
        arguments: said(arguments),
        custom,
    }))
}

fn reasoning(fields: &mut Map<String, Value>) -> Part {
    let signature = text(fields, "encrypted_content");
    if let Some(data) = signature
        .as_deref()
        .and_then(|text| text.strip_prefix(REDACTED))
    {
        return Part::of(Content::RedactedThinking(data.to_owned()));
    }
    let mut texts = Vec::new();
    for name in ["summary", "content"] {
        if let Some(Value::Array(parts)) = fields.shift_remove(name) {
            texts.extend(
                parts
                    .iter()
                    .filter_map(|part| Some(part.get("text")?.as_str()?.to_owned())),
            );
        }
    }
    Part::of(Content::Thinking(Thinking {
        text: texts.join("\n\n"),
        signature,
    }))
}
