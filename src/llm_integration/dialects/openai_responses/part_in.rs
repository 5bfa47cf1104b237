//! The parts of an item, read.

use serde_json::Value;

use crate::llm_integration::dialects::{
    Dialect, Fields, Path, Untranslatable,
    chat::{Content, Document, Image, Opaque, Part, Source},
    data_url,
    openai_chat::part_in,
};

/// Text, or a list of parts; absent, none.
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
        Some(_) => Err(path.wrong("a string or a list of parts")),
    }
}

fn decode(part: Value, path: Path<'_>) -> Result<Part, Untranslatable> {
    let mut fields = Fields::of(part, path)?;
    let kind = fields.needed_text("type")?;
    let content = match kind.as_str() {
        "input_text" | "output_text" | "text" => {
            // What the model had said about its text: its sources, the odds of its tokens.
            fields.take("annotations");
            fields.take("logprobs");
            Content::Text(fields.needed_text("text")?)
        }
        "refusal" => Content::Refusal(fields.needed_text("refusal")?),
        "input_image" => image(&mut fields)?,
        "input_file" => file(&mut fields)?,
        _ => {
            let mut value = fields.rest();
            value.shift_insert(0, "type".to_owned(), kind.clone().into());
            return Ok(Part::of(Content::Opaque(Opaque {
                dialect: Dialect::OpenAiResponses,
                kind,
                value: value.into(),
            })));
        }
    };
    let cache = part_in::cache_mark(&mut fields);
    Ok(Part {
        content,
        cache,
        extra: fields.rest(),
    })
}

fn of_file(id: String) -> Source {
    Source::File {
        dialect: Dialect::OpenAiResponses,
        id,
    }
}

fn image(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    let path = fields.path;
    let source = match (fields.text("image_url")?, fields.text("file_id")?) {
        (Some(url), _) => part_in::source(url, path.field("image_url"))?,
        (None, Some(id)) => of_file(id),
        (None, None) => return Err(fields.missing("image_url", "or `file_id`")),
    };
    Ok(Content::Image(Image {
        source,
        detail: fields.text("detail")?,
    }))
}

fn file(fields: &mut Fields<'_>) -> Result<Content, Untranslatable> {
    let path = fields.path;
    let title = fields.text("filename")?;
    let data = fields.text("file_data")?;
    let (url, id) = (fields.text("file_url")?, fields.text("file_id")?);
    let source = match (data, url, id) {
        (Some(data), _, _) => data_url::parse(&data)
            .ok_or_else(|| path.field("file_data").wrong("data:<type>;base64,<data>"))?,
        (None, Some(url), _) => Source::Url(url),
        (None, None, Some(id)) => of_file(id),
        (None, None, None) => {
            return Err(fields.missing("file_data", "or `file_url`, or `file_id`"));
        }
    };
    Ok(Content::Document(Document { source, title }))
}
