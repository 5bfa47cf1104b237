//! `POST /embeddings`: OpenAI's form, and two fields that others have: what a text is embedded for, and what becomes
//! of one that is too long.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::{Answered, json};
use crate::{
    kernel::Failure,
    llm_integration::{
        LlmError,
        dialects::Untranslatable,
        embeddings::{EmbeddingRequest, Format},
        inference::{EmbedRequest, Inference, LongTexts, Purpose, WhenFull},
    },
};

#[derive(Serialize)]
struct Body<'a> {
    object: &'static str,
    data: Vec<Entry>,
    model: &'a str,
    usage: Usage,
}

#[derive(Serialize)]
struct Entry {
    object: &'static str,
    index: usize,
    embedding: Embedding,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Embedding {
    Float(Vec<f32>),
    Base64(String),
}

#[derive(Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    total_tokens: u64,
}

impl Usage {
    pub const fn of(tokens: u64) -> Self {
        Self {
            prompt_tokens: tokens,
            total_tokens: tokens,
        }
    }
}

pub(super) async fn create(inference: &Inference, body: &[u8]) -> Result<Answered, Failure> {
    let asked = EmbeddingRequest::parse(body).map_err(LlmError::from)?;
    let request = embed_request(&asked).map_err(LlmError::from)?;
    let embedded = inference.embed_request(Some(&asked.model), request).await?;
    let entry = |(index, vector): (usize, Vec<f32>)| Entry {
        object: "embedding",
        index,
        embedding: in_format(vector, asked.format),
    };
    let body = Body {
        object: "list",
        data: embedded
            .vectors
            .into_iter()
            .enumerate()
            .map(entry)
            .collect(),
        model: embedded.model.name.as_str(),
        usage: Usage::of(embedded.tokens),
    };
    Ok(Answered {
        body: json(&body)?,
        cut: embedded.cut,
    })
}

fn embed_request(asked: &EmbeddingRequest) -> Result<EmbedRequest, Untranslatable> {
    let texts = asked.texts()?.into_iter().map(str::to_owned).collect();
    let mut extra = asked.extra.clone();
    extra.retain(|name, value| !value.is_null() && !is_for_others(name));
    let purpose = choice(&mut extra, "input_type", |word| match word {
        "query" | "search_query" => Some(Purpose::Query),
        "passage" | "document" | "search_document" => Some(Purpose::Passage),
        _ => None,
    });
    let long_texts = choice(&mut extra, "truncate", |word| match word {
        "END" => Some(LongTexts::Cut),
        "NONE" => Some(LongTexts::Refuse),
        _ => None,
    });
    let wrong = |field, takes| Untranslatable::new(field, takes);
    let request = EmbedRequest {
        texts,
        purpose: purpose
            .map_err(|field| wrong(field, "must be `query` or `passage`"))?
            .unwrap_or(Purpose::Passage),
        dimension: asked.dimensions.map(|size| size as usize),
        long_texts: long_texts.map_err(|field| wrong(field, "must be `END` or `NONE`"))?,
        when_full: WhenFull::Refuse,
    };
    match extra.keys().next() {
        Some(unknown) => {
            let why = "models of this server have no such field; leave it out";
            Err(Untranslatable::new(unknown.as_str(), why))
        }
        None => Ok(request),
    }
}

/// Whether a field is the gateway's and not the model's.
pub(super) fn is_for_others(field: &str) -> bool {
    matches!(field, "metadata" | "user")
}

/// A field's choice, if it is given.
///
/// # Errors
/// The field, when it is none of those.
fn choice<T>(
    extra: &mut Map<String, Value>,
    field: &'static str,
    of_word: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, &'static str> {
    let Some(value) = extra.remove(field) else {
        return Ok(None);
    };
    let found = value.as_str().and_then(of_word);
    found.map(Some).ok_or(field)
}

fn in_format(vector: Vec<f32>, format: Format) -> Embedding {
    match format {
        Format::Float => Embedding::Float(vector),
        Format::Base64 => {
            let bytes: Vec<u8> = vector
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            Embedding::Base64(STANDARD.encode(bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(more: &Value) -> Result<EmbedRequest, Untranslatable> {
        let mut body = json!({ "model": "m", "input": ["a", "b"] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let asked = EmbeddingRequest::parse(body.to_string().as_bytes()).unwrap();
        embed_request(&asked)
    }

    #[test]
    fn a_passage_is_meant_unless_a_query_is_and_what_is_not_known_is_refused_by_name() {
        let plain = request(&json!({ "user": "u", "metadata": {}, "truncate": null })).unwrap();
        assert_eq!((plain.purpose, plain.long_texts), (Purpose::Passage, None));
        let query =
            request(&json!({ "input_type": "search_query", "truncate": "NONE", "dimensions": 8 }));
        let query = query.unwrap();
        assert_eq!((query.purpose, query.dimension), (Purpose::Query, Some(8)));
        assert_eq!(query.long_texts, Some(LongTexts::Refuse));
        for (more, field) in [
            (json!({ "input_type": "clustering" }), "input_type"),
            (json!({ "truncate": true }), "truncate"),
            (json!({ "task": "x" }), "task"),
            (json!({ "input": [1, 2] }), "input"),
        ] {
            assert_eq!(request(&more).unwrap_err().field, field);
        }
    }
}
