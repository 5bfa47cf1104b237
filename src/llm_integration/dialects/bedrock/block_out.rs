//! The blocks of a message, written.

use serde_json::{Value, json};

use super::request_out::WHOSE;
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{CacheMark, Content, Document, Part, Source, ToolResult, ToolUse},
};

const IMAGE_TYPES: &[(&str, &str)] = &[
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];
const DOCUMENT_TYPES: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    ("application/vnd.ms-excel", "xls"),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
];
const AUDIO_FORMATS: &[&str] = &[
    "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "m4a", "mpeg", "mpga", "pcm",
    "webm",
];
/// What a document is called that has no title: there it must have a name.
const DOCUMENT_NAME: &str = "document";
const MAX_NAME_CHARS: usize = 200;
const MAX_ID_CHARS: usize = 64;
const KEPT_ID_CHARS: usize = 32;

/// The mark that follows what shall be cached.
pub(super) fn cache_point(cache: Option<CacheMark>) -> Option<Value> {
    let point = match cache? {
        CacheMark::Default => json!({ "type": "default" }),
        CacheMark::FiveMinutes => json!({ "type": "default", "ttl": "5m" }),
        CacheMark::OneHour => json!({ "type": "default", "ttl": "1h" }),
    };
    Some(json!({ "cachePoint": point }))
}

/// `None` when it was dropped, or says nothing.
pub(super) fn encode(
    content: &Content,
    path: &str,
    losses: &mut Losses,
) -> Result<Option<Value>, Untranslatable> {
    let block = match content {
        Content::Text(text) | Content::Refusal(text) if text.is_empty() => return Ok(None),
        Content::Text(text) | Content::Refusal(text) => json!({ "text": text }),
        Content::Image(image) => {
            if image.detail.as_ref().is_some_and(|detail| detail != "auto") {
                losses.note("image_url.detail");
            }
            return bytes("image", &image.source, IMAGE_TYPES, path, losses);
        }
        Content::Audio { data, format } if AUDIO_FORMATS.contains(&format.as_str()) => {
            json!({ "audio": { "format": format, "source": { "bytes": data } } })
        }
        Content::Document(document) => return self::document(document, path, losses),
        Content::ToolUse(call) => return tool_use(call, path, losses),
        Content::ToolResult(result) => return tool_result(result, path, losses).map(Some),
        Content::Thinking(thinking) => {
            let Some(signature) = &thinking.signature else {
                // The models take back only thinking that was signed.
                losses.note("reasoning_content");
                return Ok(None);
            };
            let text = json!({ "text": thinking.text, "signature": signature });
            json!({ "reasoningContent": { "reasoningText": text } })
        }
        Content::RedactedThinking(data) => {
            json!({ "reasoningContent": { "redactedContent": data } })
        }
        Content::Opaque(opaque) if opaque.dialect == Dialect::Bedrock => opaque.value.clone(),
        Content::Audio { .. } | Content::Opaque(_) => {
            let why = format!("{WHOSE} reads no part of the type `{}`", content.name());
            losses.lose(path, why)?;
            return Ok(None);
        }
    };
    Ok(Some(block))
}

/// A block of a kind that has a format and a source.
fn bytes(
    kind: &str,
    source: &Source,
    types: &[(&str, &str)],
    path: &str,
    losses: &mut Losses,
) -> Result<Option<Value>, Untranslatable> {
    let Source::Base64 { media_type, data } = source else {
        let why = format!("{WHOSE} reads bytes only; send them as base64");
        losses.lose(path, why)?;
        return Ok(None);
    };
    let Some((_, format)) = types.iter().find(|(known, _)| known == media_type) else {
        let known: Vec<_> = types.iter().map(|(known, _)| *known).collect();
        let why = format!(
            "{WHOSE} reads no {kind} of the type `{media_type}`; it reads {}",
            known.join(", ")
        );
        losses.lose(path, why)?;
        return Ok(None);
    };
    Ok(Some(
        json!({ kind: { "format": format, "source": { "bytes": data } } }),
    ))
}

fn document(
    document: &Document,
    path: &str,
    losses: &mut Losses,
) -> Result<Option<Value>, Untranslatable> {
    let block = match &document.source {
        Source::Text(text) => {
            Some(json!({ "document": { "format": "txt", "source": { "text": text } } }))
        }
        source => bytes("document", source, DOCUMENT_TYPES, path, losses)?,
    };
    Ok(block.map(|mut block| {
        block["document"]["name"] = name(document.title.as_deref(), path).into();
        block
    }))
}

/// A name has letters, digits, single spaces, hyphens and brackets, and is unique in a request.
fn name(title: Option<&str>, path: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']');
    let place: String = path.chars().filter(char::is_ascii_digit).collect();
    let words = format!("{} {place}", title.unwrap_or(DOCUMENT_NAME));
    let replaced: String = words
        .chars()
        .map(|c| if known(c) { c } else { ' ' })
        .collect();
    let words: Vec<_> = replaced.split_whitespace().collect();
    words.join(" ").chars().take(MAX_NAME_CHARS).collect()
}

fn tool_use(
    call: &ToolUse,
    path: &str,
    losses: &mut Losses,
) -> Result<Option<Value>, Untranslatable> {
    let Some(input) = call.input().filter(|_| !call.custom) else {
        let why = format!("{WHOSE} takes arguments that are a JSON object");
        losses.lose(path, why)?;
        return Ok(None);
    };
    Ok(Some(json!({ "toolUse": {
        "toolUseId": id(&call.id), "name": call.name, "input": input,
    } })))
}

fn tool_result(
    result: &ToolResult,
    path: &str,
    losses: &mut Losses,
) -> Result<Value, Untranslatable> {
    let mut content = Vec::with_capacity(result.parts.len());
    for (at, Part { content: part, .. }) in result.parts.iter().enumerate() {
        content.extend(encode(part, &format!("{path}.content[{at}]"), losses)?);
    }
    let mut block = json!({ "toolUseId": id(&result.tool_use_id), "content": content });
    if result.is_error {
        block["status"] = "error".into();
    }
    Ok(json!({ "toolResult": block }))
}

/// Ids have letters, digits, `_` and `-` there, and an end; a longer one stays one of a kind.
fn id(id: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let allowed: String = id.chars().map(|c| if known(c) { c } else { '_' }).collect();
    if allowed.len() <= MAX_ID_CHARS {
        return allowed;
    }
    let hash = blake3::hash(id.as_bytes()).to_hex();
    format!(
        "{}{}",
        &allowed[..KEPT_ID_CHARS],
        &hash[..MAX_ID_CHARS - KEPT_ID_CHARS]
    )
}
