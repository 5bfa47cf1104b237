//! Azure OpenAI: OpenAI's bodies at a deployment's path, or at its newer `/openai/v1` address.

use std::collections::BTreeMap;

use reqwest::{Request, header::HeaderName};
use serde_json::Value;

use super::{
    super::{
        Ask, Operation,
        adapter::{Adapter, CredentialsError, Target, secret_header, segment},
    },
    openai,
};
use crate::{kernel::Timestamp, llm_integration::dialects::Dialect, platform::config::SecretText};

const KEY_HEADER: HeaderName = HeaderName::from_static("api-key");
const V1: &str = "/openai/v1";

#[derive(Debug)]
pub struct Azure {
    /// `https://name.openai.azure.com`, without a slash at its end.
    endpoint: String,
    /// `None` for the `/openai/v1` address, where the version has become optional.
    api_version: Option<String>,
    /// The deployment of a model where it has not the model's name.
    deployments: BTreeMap<String, String>,
    key: SecretText,
}

impl Azure {
    /// An endpoint that ends in `/openai/v1`, and one without a version, is of the newer form.
    pub fn new(
        endpoint: &str,
        api_version: Option<String>,
        deployments: BTreeMap<String, String>,
        key: SecretText,
    ) -> Self {
        let is_v1 = endpoint.ends_with(V1);
        let endpoint = [V1, "/openai/deployments", "/openai"]
            .iter()
            .find_map(|path| endpoint.strip_suffix(path))
            .unwrap_or(endpoint);
        Self {
            endpoint: endpoint.to_owned(),
            api_version: api_version.filter(|_| !is_v1),
            deployments,
            key,
        }
    }

    fn deployment<'a>(&'a self, model: &'a str) -> &'a str {
        self.deployments.get(model).map_or(model, String::as_str)
    }
}

impl Adapter for Azure {
    fn chat_dialects(&self) -> &'static [Dialect] {
        match self.api_version {
            None => &[Dialect::OpenAiChat, Dialect::OpenAiResponses],
            Some(_) => &[Dialect::OpenAiChat],
        }
    }

    fn target(&self, ask: &Ask<'_>) -> Option<Target> {
        let Some(version) = &self.api_version else {
            return openai::target(&format!("{}{V1}", self.endpoint), ask);
        };
        let path = match ask.operation {
            Operation::Chat(Dialect::OpenAiChat) => "chat/completions",
            Operation::Embeddings => "embeddings",
            Operation::Models => {
                let url = format!("{}/openai/models?api-version={version}", self.endpoint);
                return Some(Target::get(url));
            }
            Operation::Chat(_) | Operation::CountTokens(_) | Operation::Rerank => return None,
        };
        let (endpoint, deployment) = (&self.endpoint, segment(self.deployment(ask.model)));
        Some(Target::post(format!(
            "{endpoint}/openai/deployments/{deployment}/{path}?api-version={version}"
        )))
    }

    fn below_base(&self, path: &str) -> String {
        match &self.api_version {
            None => format!("{}{V1}{path}", self.endpoint),
            Some(version) => format!("{}/openai{path}?api-version={version}", self.endpoint),
        }
    }

    /// In the newer form a deployment is named in the body, as a model.
    fn upstream_model<'a>(&'a self, model: &'a str) -> &'a str {
        self.deployment(model)
    }

    fn forwarded(&self) -> &'static [&'static str] {
        &["openai-beta"]
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

    fn models(&self, list: &[u8], _owner: &str) -> Result<Vec<Value>, serde_json::Error> {
        openai::models(list)
    }
}
