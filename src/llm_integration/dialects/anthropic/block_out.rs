//! The blocks of a message, written.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{request_in::is_empty_text, request_out::WHOSE};
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{CacheMark, Content, Document, Image, Part, Source, ToolResult, ToolUse},
};

const IMAGE_TYPES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/webp"];
const PDF: &str = "application/pdf";
/// Where the vendor's documentation puts arguments that are no JSON.
const INVALID_JSON: &str = "INVALID_JSON";

/// `None` when it was dropped.
pub(super) fn encode(
    part: &Part,
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Option<Map<String, Value>>, Untranslatable> {
    let Value::Object(mut fields) = block(part, path, from, losses)? else {
        return Ok(None);
    };
    mark(part.cache, &mut fields);
    if from == Dialect::Anthropic {
        fields.extend(part.extra.clone());
    } else {
        losses.lose_all(format_args!("{path}."), &part.extra, WHOSE)?;
    }
    Ok(Some(fields))
}

pub(super) fn mark(cache: Option<CacheMark>, fields: &mut Map<String, Value>) {
    let mark = match cache {
        None => return,
        Some(CacheMark::Default) => json!({ "type": "ephemeral" }),
        Some(CacheMark::FiveMinutes) => json!({ "type": "ephemeral", "ttl": "5m" }),
        Some(CacheMark::OneHour) => json!({ "type": "ephemeral", "ttl": "1h" }),
    };
    fields.insert("cache_control".to_owned(), mark);
}

/// `Null` when it was dropped.
fn block(
    part: &Part,
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Value, Untranslatable> {
    let block = match &part.content {
        Content::Text(text) | Content::Refusal(text) => json!({ "type": "text", "text": text }),
        Content::Thinking(thinking) => {
            let Some(signature) = &thinking.signature else {
                // The vendor takes back only thinking that it signed.
                losses.note("reasoning_content");
                return Ok(Value::Null);
            };
            json!({ "type": "thinking", "thinking": thinking.text, "signature": signature })
        }
        Content::RedactedThinking(data) => json!({ "type": "redacted_thinking", "data": data }),
        Content::ToolUse(call) => tool_use(call),
        Content::ToolResult(result) => tool_result(result, path, from, losses)?,
        Content::Image(image) => image_block(image, path, losses)?,
        Content::Document(document) => document_block(document, path, losses)?,
        Content::Opaque(opaque) if opaque.dialect == Dialect::Anthropic => opaque.value.clone(),
        Content::Audio { .. } | Content::Opaque(_) => {
            let why = format!(
                "{WHOSE} reads no part of the type `{}`",
                part.content.name()
            );
            losses.lose(path, why)?;
            Value::Null
        }
    };
    Ok(block)
}

/// Ids have letters, digits, `_` and `-` here.
fn id(id: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    id.chars().map(|c| if known(c) { c } else { '_' }).collect()
}

/// A call as messages hold it.
pub(super) fn tool_use(call: &ToolUse) -> Value {
    let input = match call.input() {
        _ if call.custom => json!({ "input": call.arguments }),
        Some(input) => input.into(),
        None => json!({ INVALID_JSON: call.arguments }),
    };
    json!({ "type": "tool_use", "id": id(&call.id), "name": call.name, "input": input })
}

fn tool_result(
    result: &ToolResult,
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Value, Untranslatable> {
    let mut block = json!({ "type": "tool_result", "tool_use_id": id(&result.tool_use_id) });
    let parts: Vec<_> = result
        .parts
        .iter()
        .filter(|part| !is_empty_text(part))
        .collect();
    match parts.as_slice() {
        [] => {}
        [
            Part {
                content: Content::Text(text),
                cache: None,
                extra,
            },
        ] if extra.is_empty() => block["content"] = text.as_str().into(),
        several => {
            let mut blocks = Vec::with_capacity(several.len());
            for (at, part) in several.iter().enumerate() {
                let encoded = encode(part, &format!("{path}.content[{at}]"), from, losses)?;
                blocks.extend(encoded.map(Value::Object));
            }
            block["content"] = blocks.into();
        }
    }
    if result.is_error {
        block["is_error"] = true.into();
    }
    Ok(block)
}

fn image_block(image: &Image, path: &str, losses: &mut Losses) -> Result<Value, Untranslatable> {
    if image.detail.as_ref().is_some_and(|detail| detail != "auto") {
        losses.note("image_url.detail");
    }
    let source = match &image.source {
        Source::Base64 { media_type, data } => {
            // A name that some clients send.
            let media_type = if media_type == "image/jpg" {
                "image/jpeg"
            } else {
                media_type
            };
            if !IMAGE_TYPES.contains(&media_type) {
                let why = format!(
                    "{WHOSE} reads images of the types {}",
                    IMAGE_TYPES.join(", ")
                );
                losses.lose(path, why)?;
                return Ok(Value::Null);
            }
            json!({ "type": "base64", "media_type": media_type, "data": data })
        }
        Source::Url(url) => json!({ "type": "url", "url": url }),
        Source::File {
            dialect: Dialect::Anthropic,
            id,
        } => json!({ "type": "file", "file_id": id }),
        Source::File { .. } | Source::Text(_) => {
            let why = format!("{WHOSE} does not have this file; send the image's bytes");
            losses.lose(path, why)?;
            return Ok(Value::Null);
        }
    };
    Ok(json!({ "type": "image", "source": source }))
}

fn document_block(
    document: &Document,
    path: &str,
    losses: &mut Losses,
) -> Result<Value, Untranslatable> {
    let source = match &document.source {
        Source::Base64 { media_type, data } if media_type == PDF => {
            json!({ "type": "base64", "media_type": PDF, "data": data })
        }
        Source::Base64 { media_type, data } if media_type.starts_with("text/") => {
            match plain_text(data) {
                Some(text) => text_source(&text),
                None => return lost_document(path, losses),
            }
        }
        Source::Text(text) => text_source(text),
        Source::Url(url) => json!({ "type": "url", "url": url }),
        Source::File {
            dialect: Dialect::Anthropic,
            id,
        } => json!({ "type": "file", "file_id": id }),
        Source::Base64 { .. } | Source::File { .. } => return lost_document(path, losses),
    };
    let mut block = json!({ "type": "document", "source": source });
    if let Some(title) = &document.title {
        block["title"] = title.as_str().into();
    }
    Ok(block)
}

fn text_source(text: &str) -> Value {
    json!({ "type": "text", "media_type": "text/plain", "data": text })
}

fn plain_text(data: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(data).ok()?).ok()
}

fn lost_document(path: &str, losses: &mut Losses) -> Result<Value, Untranslatable> {
    let why = format!("{WHOSE} reads PDF and plain text; send one of them, as bytes");
    losses.lose(path, why)?;
    Ok(Value::Null)
}
