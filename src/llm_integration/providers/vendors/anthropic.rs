//! Anthropic's own API: messages, the count of their tokens, models.

use chrono::{DateTime, Utc};
use reqwest::{
    Request,
    header::{HeaderName, HeaderValue},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    Ask, EmbeddingDialect, Manners, Operation,
    adapter::{Adapter, CredentialsError, Target, secret_header},
};
use crate::{kernel::Timestamp, llm_integration::dialects::Dialect, platform::config::SecretText};

const VERSION_HEADER: HeaderName = HeaderName::from_static("anthropic-version");
/// The version that is asked for when the caller names none.
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");
const KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
/// Models in one answer, its maximum.
const MODELS: &str = "/models?limit=1000";

#[derive(Debug)]
pub struct Anthropic {
    /// With its version, without a slash at its end.
    base_url: String,
    key: SecretText,
}

impl Anthropic {
    /// `base_url` is without a version, as Anthropic's SDKs take it.
    pub fn new(base_url: &str, key: SecretText) -> Self {
        let base_url = format!("{}/v1", base_url.trim_end_matches("/v1"));
        Self { base_url, key }
    }
}

impl Adapter for Anthropic {
    fn chat_dialects(&self) -> &'static [Dialect] {
        &[Dialect::Anthropic]
    }

    fn target(&self, ask: &Ask<'_>) -> Option<Target> {
        match ask.operation {
            Operation::Chat(Dialect::Anthropic) => Some(Target::post(self.below_base("/messages"))),
            Operation::CountTokens(Dialect::Anthropic) => {
                Some(Target::post(self.below_base("/messages/count_tokens")))
            }
            Operation::Models => Some(Target::get(self.below_base(MODELS))),
            Operation::Chat(_)
            | Operation::CountTokens(_)
            | Operation::Embeddings
            | Operation::Rerank => None,
        }
    }

    fn below_base(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn manners(&self, _operation: Operation) -> Manners {
        Manners {
            usage_on_request: false,
            ..Manners::OPENAI
        }
    }

    fn embeddings(&self, _model: &str) -> Option<EmbeddingDialect> {
        None
    }

    fn forwarded(&self) -> &'static [&'static str] {
        &["anthropic-beta", "anthropic-version"]
    }

    fn authorize(
        &self,
        request: &mut Request,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<(), CredentialsError> {
        let headers = request.headers_mut();
        headers.insert(KEY_HEADER, secret_header(self.key.expose())?);
        headers.entry(VERSION_HEADER).or_insert(VERSION);
        Ok(())
    }

    fn models(&self, list: &[u8], owner: &str) -> Result<Vec<Value>, serde_json::Error> {
        #[derive(Deserialize)]
        struct ModelList {
            data: Vec<Model>,
        }
        #[derive(Deserialize)]
        struct Model {
            id: String,
            #[serde(default)]
            created_at: Option<DateTime<Utc>>,
        }
        let list: ModelList = serde_json::from_slice(list)?;
        let entry = |Model { id, created_at }| {
            let created = created_at.map_or(0, |time| time.timestamp());
            json!({ "id": id, "object": "model", "created": created, "owned_by": owner })
        };
        Ok(list.data.into_iter().map(entry).collect())
    }
}
