//! Google's Gemini API: the model and the method are in the path, a stream is another method.

use reqwest::{Request, header::HeaderName};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    Ask, EmbeddingDialect, Framing, Manners, Operation,
    adapter::{Adapter, CredentialsError, Target, secret_header, segment},
};
use crate::{kernel::Timestamp, llm_integration::dialects::Dialect, platform::config::SecretText};

const KEY_HEADER: HeaderName = HeaderName::from_static("x-goog-api-key");
/// Models in one answer, its maximum.
const MODELS: &str = "/models?pageSize=1000";
/// What the names of models begin with in Google's own lists.
const COLLECTION: &str = "models/";

#[derive(Debug)]
pub struct Gemini {
    /// With its version, without a slash at its end.
    base_url: String,
    key: SecretText,
}

impl Gemini {
    pub const BASE_URL: &str = "https://generativelanguage.googleapis.com/v1beta";

    pub fn new(base_url: String, key: SecretText) -> Self {
        Self { base_url, key }
    }

    fn method(&self, model: &str, method: &str) -> Target {
        let (collection, model) = match model.split_once('/') {
            Some((collection @ ("models" | "tunedModels"), model)) => (collection, model),
            _ => ("models", model),
        };
        let path = format!("/{collection}/{}:{method}", segment(model));
        Target::post(self.below_base(&path))
    }
}

impl Adapter for Gemini {
    fn chat_dialects(&self) -> &'static [Dialect] {
        &[Dialect::Gemini]
    }

    fn target(&self, ask: &Ask<'_>) -> Option<Target> {
        let method = match ask.operation {
            Operation::Chat(Dialect::Gemini) if ask.stream => "streamGenerateContent?alt=sse",
            Operation::Chat(Dialect::Gemini) => "generateContent",
            Operation::CountTokens(Dialect::Gemini) => "countTokens",
            Operation::Embeddings => "batchEmbedContents",
            Operation::Models => return Some(Target::get(self.below_base(MODELS))),
            Operation::Chat(_) | Operation::CountTokens(_) | Operation::Rerank => return None,
        };
        Some(self.method(ask.model, method))
    }

    fn below_base(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn manners(&self, _operation: Operation) -> Manners {
        Manners {
            model_in_body: false,
            usage_on_request: false,
            framing: Framing::ServerSentEvents,
        }
    }

    fn embeddings(&self, _model: &str) -> Option<EmbeddingDialect> {
        Some(EmbeddingDialect::Gemini)
    }

    fn forwarded(&self) -> &'static [&'static str] {
        &[]
    }

    fn authorize(
        &self,
        request: &mut Request,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<(), CredentialsError> {
        let key = secret_header(self.key.expose())?;
        request.headers_mut().insert(KEY_HEADER, key);
        Ok(())
    }

    fn models(&self, list: &[u8], owner: &str) -> Result<Vec<Value>, serde_json::Error> {
        #[derive(Deserialize)]
        struct ModelList {
            #[serde(default)]
            models: Vec<Model>,
        }
        #[derive(Deserialize)]
        struct Model {
            name: String,
        }
        let list: ModelList = serde_json::from_slice(list)?;
        let entry = |Model { name }: Model| {
            let id = name.strip_prefix(COLLECTION).unwrap_or(&name);
            json!({ "id": id, "object": "model", "created": 0, "owned_by": owner })
        };
        Ok(list.models.into_iter().map(entry).collect())
    }
}
