//! Embeddings as they came, and as OpenAI's clients read them.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{Format, Vector};
use crate::llm_integration::{OpenAiUsage, Usage, dialects::Unreadable};

/// The embeddings of one request, in the order of its inputs.
#[derive(Debug)]
pub struct Embeddings {
    pub model: Option<String>,
    pub vectors: Vec<Vector>,
    /// `None` when the provider did not say.
    pub usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Body {
    model: Option<String>,
    data: Vec<Entry>,
    usage: Option<OpenAiUsage>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    index: usize,
    embedding: Box<RawValue>,
}

impl Embeddings {
    /// An answer in OpenAI's form.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_openai(body: &[u8]) -> Result<Self, Unreadable> {
        let unreadable = |what: String| Unreadable { what };
        let mut body: Body =
            serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
        body.data.sort_by_key(|entry| entry.index);
        let vectors = body
            .data
            .into_iter()
            .map(|entry| Vector::of(entry.embedding));
        Ok(Self {
            model: body.model,
            vectors: vectors
                .collect::<Option<_>>()
                .ok_or_else(|| unreadable("an embedding is neither a list nor text".to_owned()))?,
            usage: body.usage.map(Usage::from),
        })
    }

    /// Whether they are in the format that was asked for, so that they can pass as they are.
    pub fn are_in(&self, format: Format) -> bool {
        self.vectors.iter().all(|vector| {
            matches!(
                (vector, format),
                (Vector::Float(_), Format::Float) | (Vector::Base64(_), Format::Base64)
            )
        })
    }

    /// The answer's body. Where the provider named no model, it is the one that was asked for.
    ///
    /// # Errors
    /// When an embedding is not what it should be.
    pub fn encode(self, format: Format, asked_for: &str) -> Result<Bytes, Unreadable> {
        let mut data = Vec::with_capacity(self.vectors.len());
        for (index, vector) in self.vectors.into_iter().enumerate() {
            let embedding = vector.in_format(format).ok_or_else(|| Unreadable {
                what: format!("the embedding at position {index} is none"),
            })?;
            data.push(json!({ "object": "embedding", "index": index, "embedding": embedding }));
        }
        let model = self.model.as_deref().unwrap_or(asked_for);
        let input = self.usage.map_or(0, |usage| usage.all_input());
        let body: Value = json!({
            "object": "list", "data": data, "model": model,
            "usage": { "prompt_tokens": input, "total_tokens": input },
        });
        Ok(Bytes::from(body.to_string()))
    }
}
