//! The parts of a message, read.

use serde_json::Value;

use crate::llm_integration::dialects::{
    Dialect, Fields, Path, Untranslatable,
    chat::{CacheMark, Content, Document, Image, Opaque, Part, Source},
    data_url,
};

const PLACES: &str = "an http(s) address, or data:<type>;base64,<data>";

pub(super) fn decode(part: Value, path: Path<'_>) -> Result<Part, Untranslatable> {
    let mut fields = Fields::of(part, path)?;
    let kind = fields.needed_text("type")?;
    let content = match kind.as_str() {
        "text" => Content::Text(fields.needed_text("text")?),
        "refusal" => Content::Refusal(fields.needed_text("refusal")?),
        "image_url" => image(&mut fields)?,
        "input_audio" => audio(&mut fields)?,
        "file" => file(&mut fields)?,
        _ => {
            let mut value = fields.rest();
            value.insert("type".to_owned(), kind.clone().into());
            return Ok(Part::of(Content::Opaque(Opaque {
                dialect: Dialect::OpenAiChat,
                kind,
                value: Value::Object(value),
            })));
        }
    };
    let cache = cache_mark(&mut fields);
    Ok(Part {
        content,
        cache,
        extra: fields.rest(),
    })
}

/// A breakpoint; one with a time of its own stays what only OpenAI knows.
pub(in super::super) fn cache_mark(fields: &mut Fields<'_>) -> Option<CacheMark> {
    const NAME: &str = "prompt_cache_breakpoint";
    let mark = fields.take(NAME)?;
    if mark.get("ttl").is_some() {
        fields.put_back(NAME, mark);
        return None;
    }
    Some(CacheMark::Default)
}

fn inner<'a>(fields: &mut Fields<'a>, name: &'a str) -> Result<Value, Untranslatable> {
    fields
        .take(name)
        .ok_or_else(|| fields.missing(name, "an object"))
}

fn image(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    let path = fields.path;
    let place = path.field("image_url");
    let mut image = match inner(fields, "image_url")? {
        // Not in OpenAI's schema, and sent all the same.
        Value::String(url) => {
            return Ok(Content::Image(Image {
                source: source(url, place)?,
                detail: None,
            }));
        }
        image => Fields::of(image, place)?,
    };
    Ok(Content::Image(Image {
        source: source(image.needed_text("url")?, place.field("url"))?,
        detail: image.text("detail")?,
    }))
}

/// An address, or the bytes themselves.
pub(in super::super) fn source(url: String, path: Path<'_>) -> Result<Source, Untranslatable> {
    if let Some(source) = data_url::parse(&url) {
        return Ok(source);
    }
    if url.starts_with("data:") {
        return Err(path.wrong(PLACES));
    }
    Ok(Source::Url(url))
}

fn audio(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    let path = fields.path;
    let mut audio = Fields::of(inner(fields, "input_audio")?, path.field("input_audio"))?;
    Ok(Content::Audio {
        data: audio.needed_text("data")?,
        format: audio.needed_text("format")?,
    })
}

fn file(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    let path = fields.path;
    let place = path.field("file");
    let mut file = Fields::of(inner(fields, "file")?, place)?;
    let title = file.text("filename")?;
    let source = match (file.text("file_data")?, file.text("file_id")?) {
        (Some(data), _) => data_url::parse(&data)
            .ok_or_else(|| place.field("file_data").wrong("data:<type>;base64,<data>"))?,
        (None, Some(id)) => Source::File {
            dialect: Dialect::OpenAiChat,
            id,
        },
        (None, None) => return Err(file.missing("file_data", "or `file_id`")),
    };
    Ok(Content::Document(Document { source, title }))
}
