//! The parts of a message, written.

use serde_json::{Map, Value, json};

use super::request_out::WHOSE;
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{CacheMark, Content, Document, Part, Source},
    data_url,
};

/// A single text stands alone, as every compatible server understands it; else a list of parts.
pub(super) fn contents(
    parts: &[Part],
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Value, Untranslatable> {
    if let [
        Part {
            content: Content::Text(text),
            cache,
            extra,
        },
    ] = parts
        && extra.is_empty()
        && (cache.is_none() || from != Dialect::OpenAiChat)
    {
        if cache.is_some() {
            losses.note("cache_control");
        }
        return Ok(text.as_str().into());
    }
    let mut encoded = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let path = format!("{path}.content[{at}]");
        if let Some(mut fields) = content(part, &path, losses)? {
            finish(part, &mut fields, &path, from, losses)?;
            encoded.push(Value::Object(fields));
        }
    }
    Ok(encoded.into())
}

fn finish(
    part: &Part,
    fields: &mut Map<String, Value>,
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    if part.cache.is_some() {
        // Another vendor's marks only advise: OpenAI keeps prompts in its cache by itself.
        if part.cache == Some(CacheMark::Default) && from == Dialect::OpenAiChat {
            let mark = json!({ "mode": "explicit" });
            fields.insert("prompt_cache_breakpoint".to_owned(), mark);
        } else {
            losses.note("cache_control");
        }
    }
    if from == Dialect::OpenAiChat {
        fields.extend(part.extra.clone());
        return Ok(());
    }
    losses.lose_all(format_args!("{path}."), &part.extra, WHOSE)
}

fn content(
    part: &Part,
    path: &str,
    losses: &mut Losses,
) -> Result<Option<Map<String, Value>>, Untranslatable> {
    let fields = match &part.content {
        Content::Text(text) => json!({ "type": "text", "text": text }),
        Content::Refusal(refusal) => json!({ "type": "refusal", "refusal": refusal }),
        Content::Image(image) => {
            let Some(url) = url(&image.source) else {
                losses.lose(
                    path,
                    format!("{WHOSE} can not read this image; send its bytes or its address"),
                )?;
                return Ok(None);
            };
            let mut place = json!({ "url": url });
            if let Some(detail) = &image.detail {
                place["detail"] = detail.as_str().into();
            }
            json!({ "type": "image_url", "image_url": place })
        }
        Content::Audio { data, format } => {
            json!({ "type": "input_audio", "input_audio": { "data": data, "format": format } })
        }
        Content::Document(document) => return file(document, path, losses),
        Content::Opaque(opaque) if opaque.dialect == Dialect::OpenAiChat => opaque.value.clone(),
        other => {
            let why = format!("{WHOSE} has no part of the type `{}` here", other.name());
            losses.lose(path, why)?;
            return Ok(None);
        }
    };
    Ok(as_object(fields))
}

fn as_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

fn url(source: &Source) -> Option<String> {
    match source {
        Source::Base64 { media_type, data } => Some(data_url::of(media_type, data)),
        Source::Url(url) => Some(url.clone()),
        Source::File { .. } | Source::Text(_) => None,
    }
}

fn file(
    document: &Document,
    path: &str,
    losses: &mut Losses,
) -> Result<Option<Map<String, Value>>, Untranslatable> {
    let Document { source, title } = document;
    let file = match source {
        Source::Base64 { media_type, data } => {
            let name = title.as_deref().unwrap_or("document");
            json!({ "filename": name, "file_data": data_url::of(media_type, data) })
        }
        Source::File {
            dialect: Dialect::OpenAiChat | Dialect::OpenAiResponses,
            id,
        } => json!({ "file_id": id }),
        Source::Text(text) => {
            let text = match title {
                Some(title) => format!("{title}\n\n{text}"),
                None => text.clone(),
            };
            return Ok(as_object(json!({ "type": "text", "text": text })));
        }
        Source::Url(_) | Source::File { .. } => {
            let why = format!("{WHOSE} reads documents by their bytes only; send them as base64");
            losses.lose(path, why)?;
            return Ok(None);
        }
    };
    Ok(as_object(json!({ "type": "file", "file": file })))
}
