//! Embeddings in the words of providers that do not speak OpenAI's.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{EmbeddingRequest, Embeddings, Format, Vector};
use crate::llm_integration::{
    Usage,
    dialects::{Unreadable, Untranslatable},
    providers::EmbeddingDialect,
};

/// Bodies to send, one after the other; their answers together are the answer.
///
/// # Errors
/// Names the field that the provider has no word for.
pub fn encode(
    dialect: EmbeddingDialect,
    request: &EmbeddingRequest,
    model: &str,
) -> Result<Vec<Bytes>, Untranslatable> {
    let bodies = match dialect {
        EmbeddingDialect::OpenAi => vec![openai(request, model)],
        EmbeddingDialect::Gemini => vec![gemini(request, model)?],
        EmbeddingDialect::Titan => titan(request)?,
        EmbeddingDialect::Cohere => cohere(request)?,
    };
    let written = bodies.into_iter().map(|body| Bytes::from(body.to_string()));
    Ok(written.collect())
}

/// # Errors
/// When an answer is not as the provider's API describes it.
pub fn decode(dialect: EmbeddingDialect, bodies: &[Bytes]) -> Result<Embeddings, Unreadable> {
    let mut joined = Embeddings {
        model: None,
        vectors: Vec::new(),
        usage: None,
    };
    for body in bodies {
        let part = match dialect {
            EmbeddingDialect::OpenAi => Embeddings::of_openai(body)?,
            EmbeddingDialect::Gemini => read::<GeminiAnswer>(body)?.into_embeddings()?,
            EmbeddingDialect::Titan => read::<TitanAnswer>(body)?.into_embeddings()?,
            EmbeddingDialect::Cohere => read::<CohereAnswer>(body)?.into_embeddings()?,
        };
        joined.vectors.extend(part.vectors);
        joined.model = part.model.or(joined.model);
        joined.usage = match (joined.usage, part.usage) {
            (Some(before), Some(more)) => Some(of_input(
                before.all_input().saturating_add(more.all_input()),
            )),
            (before, more) => more.or(before),
        };
    }
    Ok(joined)
}

pub(super) fn openai(request: &EmbeddingRequest, model: &str) -> Value {
    let input = |input: &super::Input| match input {
        super::Input::Text(text) => Value::from(text.as_str()),
        super::Input::Tokens(tokens) => json!(tokens),
    };
    let inputs: Vec<_> = request.inputs.iter().map(input).collect();
    let mut body = json!({ "model": model, "input": inputs });
    if let Some(dimensions) = request.dimensions {
        body["dimensions"] = dimensions.into();
    }
    if request.format != Format::default() {
        body["encoding_format"] = "base64".into();
    }
    if let Some(user) = &request.user {
        body["user"] = user.as_str().into();
    }
    for (name, value) in &request.extra {
        body[name] = value.clone();
    }
    body
}

fn gemini(request: &EmbeddingRequest, model: &str) -> Result<Value, Untranslatable> {
    let task = known_only(request, "task_type")?;
    let name = if model.starts_with("models/") {
        model.to_owned()
    } else {
        format!("models/{model}")
    };
    let one = |text: &&str| {
        let mut one = json!({ "model": name, "content": { "parts": [{ "text": text }] } });
        if let Some(dimensions) = request.dimensions {
            one["outputDimensionality"] = dimensions.into();
        }
        if let Some(task) = task {
            one["taskType"] = task.clone();
        }
        one
    };
    let requests: Vec<_> = request.texts()?.iter().map(one).collect();
    Ok(json!({ "requests": requests }))
}

/// Amazon Titan embeds one text a call.
fn titan(request: &EmbeddingRequest) -> Result<Vec<Value>, Untranslatable> {
    let normalize = known_only(request, "normalize")?;
    let one = |text: &str| {
        let mut one = json!({ "inputText": text });
        if let Some(dimensions) = request.dimensions {
            one["dimensions"] = dimensions.into();
        }
        if let Some(normalize) = normalize {
            one["normalize"] = normalize.clone();
        }
        one
    };
    Ok(request.texts()?.into_iter().map(one).collect())
}

/// What Cohere takes in one call.
const COHERE_TEXTS: usize = 96;
/// What texts are for, which Cohere must know.
const COHERE_DEFAULT_USE: &str = "search_document";

fn cohere(request: &EmbeddingRequest) -> Result<Vec<Value>, Untranslatable> {
    let input_type = known_only(request, "input_type")?;
    let input_type = input_type
        .and_then(Value::as_str)
        .unwrap_or(COHERE_DEFAULT_USE);
    let texts = request.texts()?;
    let bodies = texts.chunks(COHERE_TEXTS).map(|texts| {
        let mut body = json!({
            "texts": texts, "input_type": input_type, "embedding_types": ["float"],
        });
        if let Some(dimensions) = request.dimensions {
            body["output_dimension"] = dimensions.into();
        }
        body
    });
    Ok(bodies.collect())
}

/// The one field beside OpenAI's that the provider knows.
fn known_only<'a>(
    request: &'a EmbeddingRequest,
    known: &str,
) -> Result<Option<&'a Value>, Untranslatable> {
    let unknown = request
        .extra
        .iter()
        .find(|(name, value)| *name != known && !value.is_null());
    match unknown {
        Some((name, _)) => {
            let why = "this provider has no such field; leave it out";
            Err(Untranslatable::new(name.as_str(), why))
        }
        None => Ok(request.extra.get(known).filter(|value| !value.is_null())),
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body).map_err(|error| Unreadable {
        what: error.to_string(),
    })
}

fn vectors(raw: Vec<Box<RawValue>>) -> Result<Vec<Vector>, Unreadable> {
    let vectors = raw.into_iter().map(Vector::of);
    vectors.collect::<Option<_>>().ok_or_else(|| Unreadable {
        what: "an embedding is no list of numbers".to_owned(),
    })
}

fn of_input(tokens: u64) -> Usage {
    Usage {
        input: tokens,
        total: tokens,
        ..Usage::default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GeminiAnswer {
    embeddings: Vec<GeminiEmbedding>,
    usage_metadata: Option<GeminiUsage>,
}

#[derive(Deserialize)]
struct GeminiEmbedding {
    values: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GeminiUsage {
    #[serde(default)]
    prompt_token_count: u64,
}

impl GeminiAnswer {
    fn into_embeddings(self) -> Result<Embeddings, Unreadable> {
        let values = self.embeddings.into_iter().map(|one| one.values).collect();
        Ok(Embeddings {
            model: None,
            vectors: vectors(values)?,
            usage: self
                .usage_metadata
                .map(|usage| of_input(usage.prompt_token_count)),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TitanAnswer {
    embedding: Box<RawValue>,
    input_text_token_count: Option<u64>,
}

impl TitanAnswer {
    fn into_embeddings(self) -> Result<Embeddings, Unreadable> {
        Ok(Embeddings {
            model: None,
            vectors: vectors(vec![self.embedding])?,
            usage: self.input_text_token_count.map(of_input),
        })
    }
}

#[derive(Deserialize)]
struct CohereAnswer {
    embeddings: CohereEmbeddings,
}

/// Older models answer a list where no types were asked for.
#[derive(Deserialize)]
struct CohereEmbeddings {
    float: Vec<Box<RawValue>>,
}

impl CohereAnswer {
    /// Bedrock tells the tokens of Cohere in a header only: they are not known here.
    fn into_embeddings(self) -> Result<Embeddings, Unreadable> {
        Ok(Embeddings {
            model: None,
            vectors: vectors(self.embeddings.float)?,
            usage: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    fn request(body: &Value) -> EmbeddingRequest {
        EmbeddingRequest::parse(body.to_string().as_bytes()).unwrap()
    }

    fn sent(dialect: EmbeddingDialect, request: &EmbeddingRequest) -> Vec<Value> {
        let bodies = encode(dialect, request, "m").unwrap();
        let parsed = bodies
            .iter()
            .map(|body| serde_json::from_slice(body).unwrap());
        parsed.collect()
    }

    #[test]
    fn each_provider_is_asked_in_its_own_words() {
        let asked = request(&json!({ "model": "m", "input": ["a", "b"], "dimensions": 8 }));
        let part = |text| {
            json!({ "model": "models/m", "content": { "parts": [{ "text": text }] },
                "outputDimensionality": 8 })
        };
        assert_eq!(
            sent(EmbeddingDialect::Gemini, &asked),
            [json!({ "requests": [part("a"), part("b")] })]
        );
        assert_eq!(
            sent(EmbeddingDialect::Titan, &asked),
            [
                json!({ "inputText": "a", "dimensions": 8 }),
                json!({ "inputText": "b", "dimensions": 8 })
            ]
        );
        assert_eq!(
            sent(EmbeddingDialect::Cohere, &asked),
            [
                json!({ "texts": ["a", "b"], "input_type": "search_document",
                "embedding_types": ["float"], "output_dimension": 8 })
            ]
        );
        let many = request(&json!({ "model": "m", "input": vec!["a"; 100] }));
        assert_eq!(sent(EmbeddingDialect::Cohere, &many).len(), 2);
        let tokens = request(&json!({ "model": "m", "input": [1, 2] }));
        let refused = encode(EmbeddingDialect::Gemini, &tokens, "m").unwrap_err();
        assert_eq!(refused.field, "input");
        let extra = request(&json!({ "model": "m", "input": "a", "truncate": "END" }));
        let refused = encode(EmbeddingDialect::Titan, &extra, "m").unwrap_err();
        assert_eq!(refused.field, "truncate");
    }

    #[test]
    fn answers_are_joined_and_put_in_openais_form() {
        let one = |vector: Value, tokens: u64| {
            Bytes::from(json!({ "embedding": vector, "inputTextTokenCount": tokens }).to_string())
        };
        let bodies = [one(json!([0.5, 1]), 3), one(json!([0.25, -1]), 4)];
        let joined = decode(EmbeddingDialect::Titan, &bodies).unwrap();
        assert!(joined.are_in(Format::Float));
        let body = joined.encode(Format::Base64, "titan").unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let bytes = STANDARD.decode(body["data"][1]["embedding"].as_str().unwrap());
        assert_eq!(
            bytes.unwrap(),
            [0.25_f32.to_le_bytes(), (-1_f32).to_le_bytes()].concat()
        );
        assert_eq!(
            body["usage"],
            json!({ "prompt_tokens": 7, "total_tokens": 7 })
        );
        assert_eq!(
            (&body["model"], &body["data"][1]["index"]),
            (&json!("titan"), &json!(1))
        );

        let gemini = json!({ "embeddings": [{ "values": [1.0] }], "usageMetadata": { "promptTokenCount": 5 } });
        let read = decode(EmbeddingDialect::Gemini, &[gemini.to_string().into()]).unwrap();
        assert_eq!(read.usage.unwrap().all_input(), 5);
        let cohere = json!({ "embeddings": { "float": [[1.0]] }, "id": "x" });
        let read = decode(EmbeddingDialect::Cohere, &[cohere.to_string().into()]).unwrap();
        assert_eq!((read.vectors.len(), read.usage.is_none()), (1, true));
        assert!(decode(EmbeddingDialect::Gemini, &[Bytes::from_static(b"{}")]).is_err());
    }
}
