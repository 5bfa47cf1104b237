//! Servers that speak OpenAI's API: any address, and presets for those that are well known.

use reqwest::Request;
use serde_json::Value;

use super::{
    super::{
        Ask, Manners, Operation, ProviderKind,
        adapter::{Adapter, CredentialsError, Target, bearer},
    },
    openai,
};
use crate::{kernel::Timestamp, llm_integration::dialects::Dialect, platform::config::SecretText};

#[derive(Debug)]
pub struct Compatible {
    kind: ProviderKind,
    base_url: String,
    key: Option<SecretText>,
}

impl Compatible {
    pub fn new(kind: ProviderKind, base_url: String, key: Option<SecretText>) -> Self {
        Self {
            kind,
            base_url,
            key,
        }
    }

    /// Where a preset is asked unless an address is configured.
    pub const fn preset_url(kind: ProviderKind) -> Option<&'static str> {
        match kind {
            ProviderKind::Mistral => Some("https://api.mistral.ai/v1"),
            ProviderKind::Groq => Some("https://api.groq.com/openai/v1"),
            ProviderKind::DeepSeek => Some("https://api.deepseek.com/v1"),
            ProviderKind::OpenRouter => Some("https://openrouter.ai/api/v1"),
            ProviderKind::Vllm => Some("http://127.0.0.1:8000/v1"),
            ProviderKind::Ollama => Some("http://127.0.0.1:11434/v1"),
            _ => None,
        }
    }

    /// Whether a preset can not be called without a key.
    pub const fn needs_key(kind: ProviderKind) -> bool {
        matches!(
            kind,
            ProviderKind::Mistral
                | ProviderKind::Groq
                | ProviderKind::DeepSeek
                | ProviderKind::OpenRouter
        )
    }
}

impl Adapter for Compatible {
    fn chat_dialects(&self) -> &'static [Dialect] {
        match self.kind {
            ProviderKind::Groq | ProviderKind::OpenRouter | ProviderKind::Vllm => {
                &[Dialect::OpenAiChat, Dialect::OpenAiResponses]
            }
            _ => &[Dialect::OpenAiChat],
        }
    }

    fn target(&self, ask: &Ask<'_>) -> Option<Target> {
        match ask.operation {
            Operation::Chat(dialect) if !self.chat_dialects().contains(&dialect) => None,
            Operation::CountTokens(_) => None,
            _ => openai::target(&self.base_url, ask),
        }
    }

    fn below_base(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn manners(&self, _operation: Operation) -> Manners {
        Manners {
            // Mistral always tells, and refuses fields that it does not know.
            usage_on_request: self.kind != ProviderKind::Mistral,
            ..Manners::OPENAI
        }
    }

    fn forwarded(&self) -> &'static [&'static str] {
        match self.kind {
            // Who an application is in OpenRouter's rankings.
            ProviderKind::OpenRouter => &["http-referer", "x-title"],
            _ => &[],
        }
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
        openai::models(list)
    }
}
