//! The blocks of a message, read.

use serde_json::{Value, json};

use crate::llm_integration::dialects::{
    Dialect, Fields, Path, Untranslatable,
    chat::{
        CacheMark, Content, Document, Image, Opaque, Part, Source, Thinking, ToolResult, ToolUse,
    },
};

/// Text, or a list of blocks; absent, none.
pub(super) fn contents(fields: &mut Fields<'_>, name: &str) -> Result<Vec<Part>, Untranslatable> {
    let path = fields.path;
    let path = path.field(name);
    match fields.take(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::text(text)]),
        Some(Value::Array(items)) => {
            let parts = items
                .into_iter()
                .enumerate()
                .map(|(at, item)| decode(item, path.item(at)));
            parts.collect()
        }
        Some(_) => Err(path.wrong("a string or a list of blocks")),
    }
}

fn decode(block: Value, path: Path<'_>) -> Result<Part, Untranslatable> {
    let mut fields = Fields::of(block, path)?;
    let cache = cache_mark(&mut fields)?;
    let kind = fields.needed_text("type")?;
    let content = match kind.as_str() {
        "text" => Content::Text(fields.needed_text("text")?),
        "thinking" => Content::Thinking(Thinking {
            text: fields.needed_text("thinking")?,
            signature: fields.text("signature")?,
        }),
        "redacted_thinking" => Content::RedactedThinking(fields.needed_text("data")?),
        "tool_use" => tool_use(&mut fields)?,
        "tool_result" => tool_result(&mut fields)?,
        "image" if is_known_source(&fields) => image(&mut fields)?,
        "document" if is_known_source(&fields) => document(&mut fields)?,
        _ => return Ok(opaque(kind, cache, fields)),
    };
    Ok(Part {
        content,
        cache,
        extra: fields.rest(),
    })
}

/// As it came, its cache mark included.
fn opaque(kind: String, cache: Option<CacheMark>, fields: Fields<'_>) -> Part {
    let mut value = fields.rest();
    value.shift_insert(0, "type".to_owned(), kind.clone().into());
    Part {
        content: Content::Opaque(Opaque {
            dialect: Dialect::Anthropic,
            kind,
            value: value.into(),
        }),
        cache,
        extra: serde_json::Map::new(),
    }
}

/// Documents can be made of blocks, which no other dialect has.
fn is_known_source(fields: &Fields<'_>) -> bool {
    let kind = fields.peek("source").and_then(|source| source.get("type"));
    kind.and_then(Value::as_str)
        .is_some_and(|kind| matches!(kind, "base64" | "url" | "file" | "text"))
}

pub(super) fn cache_mark(fields: &mut Fields<'_>) -> Result<Option<CacheMark>, Untranslatable> {
    const NAME: &str = "cache_control";
    let path = fields.path;
    let Some(mark) = fields.take(NAME) else {
        return Ok(None);
    };
    let path = path.field(NAME);
    let mut mark = Fields::of(mark, path)?;
    if mark.needed_text("type")? != "ephemeral" {
        return Err(path.field("type").wrong("ephemeral"));
    }
    match mark.text("ttl")?.as_deref() {
        None => Ok(Some(CacheMark::Default)),
        Some("5m") => Ok(Some(CacheMark::FiveMinutes)),
        Some("1h") => Ok(Some(CacheMark::OneHour)),
        Some(_) => Err(path.field("ttl").wrong("5m or 1h")),
    }
}

fn tool_use(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    let input = fields.object("input")?.unwrap_or_default();
    Ok(Content::ToolUse(ToolUse {
        id: fields.needed_text("id")?,
        name: fields.needed_text("name")?,
        arguments: json!(input).to_string(),
        custom: false,
    }))
}

fn tool_result(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    Ok(Content::ToolResult(ToolResult {
        tool_use_id: fields.needed_text("tool_use_id")?,
        parts: contents(fields, "content")?,
        is_error: fields.bool("is_error")?.unwrap_or(false),
        custom: false,
    }))
}

fn source(fields: &mut Fields<'_>) -> Result<Source, Untranslatable> {
    let path = fields.path;
    let path = path.field("source");
    let value = fields.take("source").unwrap_or_default();
    let mut source = Fields::of(value, path)?;
    match source.needed_text("type")?.as_str() {
        "base64" => Ok(Source::Base64 {
            media_type: source.needed_text("media_type")?,
            data: source.needed_text("data")?,
        }),
        "url" => Ok(Source::Url(source.needed_text("url")?)),
        "text" => Ok(Source::Text(source.needed_text("data")?)),
        _ => Ok(Source::File {
            dialect: Dialect::Anthropic,
            id: source.needed_text("file_id")?,
        }),
    }
}

fn image(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    Ok(Content::Image(Image {
        source: source(fields)?,
        detail: None,
    }))
}

fn document(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    Ok(Content::Document(Document {
        source: source(fields)?,
        title: fields.text("title")?,
    }))
}
