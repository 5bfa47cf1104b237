//! One provider: its name, what it serves, and the requests that ask it.

use bytes::Bytes;
use reqwest::{
    Body, Method, Request,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};
use url::Url;

use super::{
    Ask, CallerHeaders, EmbeddingDialect, Manners, Operation, ProviderKind, ProviderName,
    ProviderSpec,
    adapter::{Adapter, CredentialsError, Target},
    spec::{SpecInvalid, is_openais},
};
use crate::{
    kernel::Timestamp,
    llm_integration::{
        ModelPattern,
        dialects::{Dialect, ProviderError},
    },
    platform::config::SecretText,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Who configured a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The operator, in settings: trusted.
    Settings,
    /// A project: its address is untrusted.
    Project,
}

#[derive(Debug)]
pub struct Provider {
    pub name: ProviderName,
    pub kind: ProviderKind,
    pub origin: Origin,
    /// The models it offers; empty = whatever it lists itself.
    pub models: Vec<ModelPattern>,
    pub(super) is_own_server: bool,
    key_is_readable: bool,
    extra_headers: HeaderMap,
    adapter: Box<dyn Adapter>,
}

/// A request that can not be made.
#[derive(Debug, thiserror::Error)]
pub enum NotAskable {
    #[error("its stored key can not be opened; store it again")]
    KeyUnreadable,
    #[error("it does not serve this")]
    NotServed,
    #[error("its address can not be used")]
    Address(#[from] url::ParseError),
    #[error("its credentials can not be used")]
    Credentials(#[from] CredentialsError),
}

impl Provider {
    /// # Errors
    /// When something that the kind needs is missing, or not what it should be.
    pub fn new(spec: &ProviderSpec, origin: Origin) -> Result<Self, SpecInvalid> {
        let custom = spec.base_url.as_deref().is_some_and(|url| !is_openais(url));
        Ok(Self {
            name: spec.name.clone(),
            kind: spec.kind,
            origin,
            models: spec.models.clone(),
            is_own_server: spec.kind == ProviderKind::OpenAi && custom,
            extra_headers: spec.headers()?,
            adapter: spec.adapter()?,
            key_is_readable: true,
        })
    }

    /// A provider whose stored secrets can not be opened: it keeps its name, and can not be asked.
    ///
    /// # Errors
    /// As [`Provider::new`].
    pub(super) fn without_key(spec: &ProviderSpec) -> Result<Self, SpecInvalid> {
        let placeholder = ProviderSpec {
            key: Some(SecretText::new("unreadable")),
            ..spec.clone()
        };
        Ok(Self {
            key_is_readable: false,
            ..Self::new(&placeholder, Origin::Project)?
        })
    }

    pub(super) fn address(&self) -> Result<Url, NotAskable> {
        Ok(Url::parse(&self.adapter.below_base(""))?)
    }

    /// What an answer that is no success says, in one vocabulary.
    pub fn refusal(&self, status: u16, body: &[u8]) -> ProviderError {
        self.dialect_for(Dialect::OpenAiChat)
            .decode_error(status, body)
    }

    /// The dialects in which it takes a chat itself, the best first.
    pub fn chat_dialects(&self) -> &'static [Dialect] {
        self.adapter.chat_dialects()
    }

    /// The dialect to speak with it for a caller of `surface`: the caller's own, so that bytes pass
    /// through, or else its best.
    pub fn dialect_for(&self, surface: Dialect) -> Dialect {
        let dialects = self.chat_dialects();
        let own = dialects.iter().find(|dialect| **dialect == surface);
        own.or_else(|| dialects.first())
            .copied()
            .unwrap_or(Dialect::OpenAiChat)
    }

    pub fn serves(&self, operation: Operation) -> bool {
        let ask = Ask {
            operation,
            model: "",
            stream: false,
        };
        self.adapter.target(&ask).is_some()
    }

    /// What it wants of the body of an operation that it serves, and how it answers.
    pub fn manners(&self, operation: Operation) -> Manners {
        self.adapter.manners(operation)
    }

    /// How it wants to be asked for embeddings; `None` when it has none of this model.
    pub fn embeddings(&self, model: &str) -> Option<EmbeddingDialect> {
        self.adapter.embeddings(model)
    }

    /// The model as its bodies name it: Azure's deployments have names of their own.
    pub fn upstream_model<'a>(&'a self, model: &'a str) -> &'a str {
        self.adapter.upstream_model(model)
    }

    /// A request for an operation. `body` is in the provider's own dialect and names the model as
    /// [`Provider::upstream_model`] does; a `GET` has none.
    ///
    /// # Errors
    /// When it does not serve the operation, or its credentials can not be used.
    pub fn request(
        &self,
        ask: &Ask<'_>,
        headers: &CallerHeaders,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Request, NotAskable> {
        let target = self.adapter.target(ask).ok_or(NotAskable::NotServed)?;
        self.request_to(target, headers, body, now)
    }

    /// A request for anything else below its base address, for a caller of the same API.
    ///
    /// # Errors
    /// When its credentials can not be used.
    pub fn passed_on(
        &self,
        method: Method,
        path: &str,
        headers: &CallerHeaders,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Request, NotAskable> {
        let url = self.adapter.below_base(path);
        self.request_to(Target { method, url }, headers, body, now)
    }

    fn request_to(
        &self,
        Target { method, url }: Target,
        caller: &CallerHeaders,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Request, NotAskable> {
        if !self.key_is_readable {
            return Err(NotAskable::KeyUnreadable);
        }
        let mut request = Request::new(method, Url::parse(&url)?);
        let headers = request.headers_mut();
        caller.forward(self.adapter.forwarded(), headers);
        for (name, value) in &self.extra_headers {
            headers.insert(name, value.clone());
        }
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        self.adapter.authorize(&mut request, &body, now)?;
        if !body.is_empty() {
            *request.body_mut() = Some(Body::from(body));
        }
        Ok(request)
    }

    /// The entries of its list of models, in OpenAI's form.
    ///
    /// # Errors
    /// When the list is not as the vendor's API describes it.
    pub fn models_of(&self, list: &[u8]) -> Result<Vec<Value>, serde_json::Error> {
        self.adapter.models(list, self.name.as_str())
    }

    /// Whether it is this process.
    pub fn is_local(&self) -> bool {
        self.kind == ProviderKind::Local
    }

    /// The models that were configured for it by name, as entries of a list in OpenAI's form.
    pub fn listed_models(&self) -> Vec<Value> {
        let names = self.models.iter().map(ModelPattern::as_str);
        let entry = |name| json!({ "id": name, "object": "model", "created": 0, "owned_by": self.name.as_str() });
        names
            .filter(|name| !name.contains('*'))
            .map(entry)
            .collect()
    }

    /// Whether a model was configured as one of its own, and how closely: higher is closer.
    pub(super) fn claims(&self, model: &str) -> Option<(bool, usize)> {
        self.models
            .iter()
            .filter(|pattern| pattern.matches(model))
            .map(ModelPattern::precedence)
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECT: Operation = Operation::Chat(Dialect::OpenAiChat);

    fn provider(kind: ProviderKind, describe: impl FnOnce(&mut ProviderSpec)) -> Provider {
        let mut spec = ProviderSpec::new("mine".parse().unwrap(), kind);
        spec.key = Some(SecretText::new("key-1"));
        describe(&mut spec);
        Provider::new(&spec, Origin::Settings).unwrap()
    }

    fn asked(provider: &Provider, operation: Operation, model: &str, stream: bool) -> Request {
        let ask = Ask {
            operation,
            model,
            stream,
        };
        let now = Timestamp::from_unix_micros(1_784_000_000_000_000).unwrap();
        let caller = CallerHeaders::of([
            ("anthropic-version", "2026-10-21"),
            ("openai-project", "p"),
            ("authorization", "Bearer of-the-caller"),
        ]);
        provider
            .request(&ask, &caller, Bytes::from_static(b"{}"), now)
            .unwrap()
    }

    fn url(provider: &Provider, operation: Operation, model: &str, stream: bool) -> String {
        asked(provider, operation, model, stream).url().to_string()
    }

    #[test]
    fn each_vendor_is_asked_at_its_own_address_with_its_own_header() {
        let gemini = provider(ProviderKind::Gemini, |_| {});
        let chat = Operation::Chat(Dialect::Gemini);
        assert_eq!(
            url(&gemini, chat, "gemini-3-pro", true),
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"
        );
        assert_eq!(
            url(&gemini, chat, "tunedModels/a/b", false),
            "https://generativelanguage.googleapis.com/v1beta/tunedModels/a%2Fb:generateContent"
        );
        let request = asked(&gemini, chat, "m", false);
        assert_eq!(request.headers()["x-goog-api-key"], "key-1");
        assert!(!request.headers().contains_key("authorization"));

        let anthropic = provider(ProviderKind::Anthropic, |_| {});
        let chat = Operation::Chat(Dialect::Anthropic);
        let request = asked(&anthropic, chat, "claude", true);
        assert_eq!(
            request.url().as_str(),
            "https://api.anthropic.com/v1/messages"
        );
        assert_eq!(request.headers()["x-api-key"], "key-1");
        assert_eq!(request.headers()["anthropic-version"], "2026-10-21");
        assert!(!request.headers().contains_key("openai-project"));

        let groq = provider(ProviderKind::Groq, |_| {});
        let request = asked(&groq, DIALECT, "llama", true);
        assert_eq!(
            request.url().as_str(),
            "https://api.groq.com/openai/v1/chat/completions"
        );
        assert_eq!(request.headers()["authorization"], "Bearer key-1");
        assert_eq!(request.headers()["content-type"], "application/json");
    }

    #[test]
    fn bedrock_names_models_in_its_paths_whatever_they_hold() {
        let bedrock = provider(ProviderKind::Bedrock, |spec| {
            spec.region = Some("us-east-1".to_owned());
        });
        let chat = Operation::Chat(Dialect::Bedrock);
        assert_eq!(
            url(&bedrock, chat, "anthropic.claude-v1:0", true),
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v1%3A0/converse-stream"
        );
        let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/x";
        assert!(url(&bedrock, chat, arn, false).ends_with(
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse"
        ));
        assert!(
            url(&bedrock, chat, "../../x?y#z", false)
                .ends_with("/model/..%2F..%2Fx%3Fy%23z/converse")
        );
        let request = asked(&bedrock, chat, "m", false);
        assert_eq!(request.headers()["authorization"], "Bearer key-1");
        assert!(!bedrock.serves(DIALECT));
        assert_eq!(bedrock.dialect_for(Dialect::OpenAiChat), Dialect::Bedrock);
    }

    #[test]
    fn azure_has_deployments_in_its_paths_or_in_its_bodies() {
        let describe = |endpoint: &'static str, version: Option<&'static str>| {
            provider(ProviderKind::Azure, |spec| {
                spec.base_url = Some(endpoint.to_owned());
                spec.api_version = version.map(str::to_owned);
                spec.deployments = [("gpt-4o".to_owned(), "mine".to_owned())].into();
            })
        };
        let old = describe("https://x.openai.azure.com/", Some("2024-10-21"));
        assert_eq!(
            url(&old, DIALECT, "gpt-4o", false),
            "https://x.openai.azure.com/openai/deployments/mine/chat/completions?api-version=2024-10-21"
        );
        let request = asked(&old, Operation::Embeddings, "other", false);
        assert!(
            request
                .url()
                .path()
                .ends_with("/deployments/other/embeddings")
        );
        assert_eq!(request.headers()["api-key"], "key-1");
        assert!(!old.serves(Operation::Chat(Dialect::OpenAiResponses)));
        for endpoint in [
            "https://x.openai.azure.com",
            "https://x.openai.azure.com/openai/v1",
        ] {
            let new = describe(endpoint, None);
            assert_eq!(
                url(
                    &new,
                    Operation::Chat(Dialect::OpenAiResponses),
                    "gpt-4o",
                    false
                ),
                "https://x.openai.azure.com/openai/v1/responses"
            );
            assert_eq!(new.upstream_model("gpt-4o"), "mine");
        }
    }

    #[test]
    fn what_a_kind_needs_is_asked_for_by_name() {
        let lacks = |kind: ProviderKind, describe: fn(&mut ProviderSpec)| {
            let mut spec = ProviderSpec::new("mine".parse().unwrap(), kind);
            describe(&mut spec);
            Provider::new(&spec, Origin::Settings).unwrap_err().field
        };
        assert_eq!(lacks(ProviderKind::OpenAi, |_| {}), "api_key");
        assert_eq!(lacks(ProviderKind::Gemini, |_| {}), "api_key");
        assert_eq!(lacks(ProviderKind::Azure, |_| {}), "base_url");
        assert_eq!(lacks(ProviderKind::Bedrock, |_| {}), "api_key");
        assert_eq!(lacks(ProviderKind::Compatible, |_| {}), "base_url");
        assert_eq!(lacks(ProviderKind::Groq, |_| {}), "api_key");
        for wrong in ["ftp://x", "x", "https://u:p@x", "https://x/?a=b"] {
            let mut spec = ProviderSpec::new("mine".parse().unwrap(), ProviderKind::Compatible);
            spec.base_url = Some(wrong.to_owned());
            let error = Provider::new(&spec, Origin::Settings).unwrap_err();
            assert_eq!(
                (error.field, error.is_missing),
                ("base_url", false),
                "{wrong}"
            );
        }
        let with = |key, describe: fn(&mut ProviderSpec)| {
            let mut spec = ProviderSpec::new("mine".parse().unwrap(), ProviderKind::Groq);
            spec.key = Some(SecretText::new(key));
            describe(&mut spec);
            Provider::new(&spec, Origin::Settings)
        };
        let smuggled = with("key", |spec| {
            let value = SecretText::new("a\r\nhost: b");
            spec.extra_headers.insert("x-a".to_owned(), value);
        });
        assert_eq!(smuggled.unwrap_err().field, "extra_headers");
        assert!(!format!("{:?}", with("sk-very-secret", |_| {})).contains("very"));
    }
}
