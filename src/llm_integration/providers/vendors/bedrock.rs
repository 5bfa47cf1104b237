//! Amazon Bedrock: Converse for every model, signed with `SigV4` or with a bearer key of Bedrock's own.

use aws_credential_types::Credentials;
use reqwest::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    Ask, EmbeddingDialect, Framing, Manners, Operation,
    adapter::{Adapter, CredentialsError, Target, bearer, segment},
    sigv4,
};
use crate::{kernel::Timestamp, llm_integration::dialects::Dialect, platform::config::SecretText};

/// The service's name in signatures.
const SERVICE: &str = "bedrock";

#[derive(Debug)]
pub struct Bedrock {
    region: String,
    /// Where models are called, without a slash at its end.
    runtime_url: String,
    /// Where models are listed.
    control_url: String,
    credentials: BedrockCredentials,
}

#[derive(Clone, Debug)]
pub enum BedrockCredentials {
    /// `AWS_BEARER_TOKEN_BEDROCK`
    Bearer(SecretText),
    /// An access key, perhaps with a session token.
    Signed(Credentials),
}

impl Bedrock {
    /// `base_url` is of the operator's own: a VPC endpoint, or a proxy, that takes both APIs.
    pub fn new(region: String, base_url: Option<String>, credentials: BedrockCredentials) -> Self {
        let of_aws = |api: &str| format!("https://{api}.{region}.amazonaws.com");
        let (runtime_url, control_url) = match base_url {
            Some(url) => (url.clone(), url),
            None => (of_aws("bedrock-runtime"), of_aws("bedrock")),
        };
        Self {
            region,
            runtime_url,
            control_url,
            credentials,
        }
    }
}

impl Adapter for Bedrock {
    fn chat_dialects(&self) -> &'static [Dialect] {
        &[Dialect::Bedrock]
    }

    fn target(&self, ask: &Ask<'_>) -> Option<Target> {
        let action = match ask.operation {
            Operation::Chat(Dialect::Bedrock) if ask.stream => "converse-stream",
            Operation::Chat(Dialect::Bedrock) => "converse",
            Operation::CountTokens(Dialect::Bedrock) => "count-tokens",
            Operation::Embeddings => "invoke",
            Operation::Models => {
                return Some(Target::get(format!(
                    "{}/foundation-models",
                    self.control_url
                )));
            }
            Operation::Chat(_) | Operation::CountTokens(_) | Operation::Rerank => return None,
        };
        let path = format!("/model/{}/{action}", segment(ask.model));
        Some(Target::post(self.below_base(&path)))
    }

    fn below_base(&self, path: &str) -> String {
        format!("{}{path}", self.runtime_url)
    }

    fn manners(&self, _operation: Operation) -> Manners {
        Manners {
            model_in_body: false,
            usage_on_request: false,
            framing: Framing::AwsEventStream,
        }
    }

    /// Inference profiles put a geography before the vendor: `us.cohere.embed-v4:0`.
    fn embeddings(&self, model: &str) -> Option<EmbeddingDialect> {
        if model.contains("amazon.titan-embed-text") {
            Some(EmbeddingDialect::Titan)
        } else if model.contains("cohere.embed") {
            Some(EmbeddingDialect::Cohere)
        } else {
            None
        }
    }

    fn forwarded(&self) -> &'static [&'static str] {
        &[]
    }

    fn authorize(
        &self,
        request: &mut Request,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), CredentialsError> {
        match &self.credentials {
            BedrockCredentials::Bearer(key) => bearer(request.headers_mut(), Some(key)),
            BedrockCredentials::Signed(credentials) => {
                let scope = sigv4::Scope {
                    region: &self.region,
                    service: SERVICE,
                };
                sigv4::sign(request, body, credentials, scope, now)
            }
        }
    }

    fn models(&self, list: &[u8], owner: &str) -> Result<Vec<Value>, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ModelList {
            model_summaries: Vec<Model>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Model {
            model_id: String,
        }
        let list: ModelList = serde_json::from_slice(list)?;
        let entry = |Model { model_id }| json!({ "id": model_id, "object": "model", "created": 0, "owned_by": owner });
        Ok(list.model_summaries.into_iter().map(entry).collect())
    }
}
