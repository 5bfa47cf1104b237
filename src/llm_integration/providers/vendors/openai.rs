//! OpenAI, and the parts of its API that those share who speak it.

use reqwest::Request;
use serde::Deserialize;
use serde_json::Value;

use super::super::{
    Ask, Operation,
    adapter::{Adapter, CredentialsError, Target, bearer},
    spec::is_openais,
};
use crate::{kernel::Timestamp, llm_integration::dialects::Dialect, platform::config::SecretText};

#[derive(Debug)]
pub struct OpenAi {
    /// With its version, without a slash at its end.
    pub base_url: String,
    /// A server of the operator's own may need none.
    pub key: Option<SecretText>,
}

impl Adapter for OpenAi {
    fn chat_dialects(&self) -> &'static [Dialect] {
        &[Dialect::OpenAiChat, Dialect::OpenAiResponses]
    }

    fn target(&self, ask: &Ask<'_>) -> Option<Target> {
        // OpenAI itself has none; servers that speak its API often do.
        let is_served = ask.operation != Operation::Rerank || !is_openais(&self.base_url);
        is_served.then(|| target(&self.base_url, ask)).flatten()
    }

    fn below_base(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn forwarded(&self) -> &'static [&'static str] {
        &["openai-beta", "openai-organization", "openai-project"]
    }

    fn authorize(
        &self,
        request: &mut Request,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<(), CredentialsError> {
        bearer(request.headers_mut(), self.key.as_ref())
    }

    fn models(&self, list: &[u8], _owner: &str) -> Result<Vec<Value>, serde_json::Error> {
        models(list)
    }
}

/// The paths of OpenAI's API.
pub(super) fn target(base_url: &str, ask: &Ask<'_>) -> Option<Target> {
    let path = match ask.operation {
        Operation::Chat(Dialect::OpenAiChat) => "/chat/completions",
        Operation::Chat(Dialect::OpenAiResponses) => "/responses",
        Operation::CountTokens(Dialect::OpenAiResponses) => "/responses/input_tokens",
        Operation::Embeddings => "/embeddings",
        Operation::Rerank => "/rerank",
        Operation::Models => return Some(Target::get(format!("{base_url}/models"))),
        Operation::Chat(_) | Operation::CountTokens(_) => return None,
    };
    Some(Target::post(format!("{base_url}{path}")))
}

/// Entries pass as they are.
pub(super) fn models(list: &[u8]) -> Result<Vec<Value>, serde_json::Error> {
    #[derive(Deserialize)]
    struct ModelList {
        data: Vec<Value>,
    }
    serde_json::from_slice::<ModelList>(list).map(|list| list.data)
}
