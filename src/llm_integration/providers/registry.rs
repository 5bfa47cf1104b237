//! Which provider a model's name means, in each project.

use std::{str::FromStr, sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::Method;

use super::{
    Ask, CallerHeaders, KeyCipher, NotAskable, Origin, Provider, ProviderClient, ProviderKind,
    ProviderName, ProviderSpec, WholeAnswer, adapter::segment, connections::Vault, settings,
};
use crate::{
    kernel::{Clock, ProjectId},
    llm_integration::{GatewaySettings, LlmError, inference::Inference},
    platform::{config::ConfigError, db::Db},
};

/// The providers of the operator and of every project. Cheap to clone.
#[derive(Clone)]
pub struct Providers {
    pub(crate) client: ProviderClient,
    pub(super) vault: Vault,
    clock: Clock,
    configured: Arc<[Arc<Provider>]>,
}

/// Whom to ask, and for what.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub provider: Arc<Provider>,
    /// The model's name as the provider knows it.
    pub model: String,
}

impl Providers {
    /// # Errors
    /// When a provider in the settings lacks something, or the client can not be built.
    pub fn new(
        settings: &GatewaySettings,
        inference: Inference,
        db: Db,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        let secrets = (
            &settings.provider_key_secret,
            &settings.provider_key_secret_previous,
        );
        let cipher = KeyCipher::from_settings(secrets.0, secrets.1, db.url())?;

        let mut specs = settings::configured(settings)?;
        specs.extend(settings::local(&inference)?);
        let build = |(section, spec): (String, ProviderSpec)| {
            Provider::new(&spec, Origin::Settings)
                .map(Arc::new)
                .map_err(|error| ConfigError::Rejected(format!("`{section}`: {error}")))
        };
        Ok(Self {
            client: ProviderClient::new(settings, inference)?,
            vault: Vault::new(db, cipher),
            clock,
            configured: specs.into_iter().map(build).collect::<Result<_, _>>()?,
        })
    }

    /// Whether the operator configured a provider of this name.
    pub fn is_configured(&self, name: &str) -> bool {
        self.configured
            .iter()
            .any(|known| known.name.as_str() == name)
    }

    /// Every provider that a project can call: its own, then the operator's that it does not replace.
    pub async fn of_project(&self, project: ProjectId) -> Result<Vec<Arc<Provider>>, LlmError> {
        let own = self.vault.providers(project).await?;
        let is_replaced = |name: &ProviderName| own.iter().any(|provider| provider.name == *name);
        let configured = self.configured.iter();
        let others = configured.filter(|provider| !is_replaced(&provider.name));
        Ok(own.iter().chain(others).cloned().collect())
    }

    /// Whom a model's name means: `provider/model` the one that it names, any other name the provider
    /// that was configured for it, then the vendor whose models have such names, then OpenAI.
    ///
    /// # Errors
    /// [`LlmError::ProviderNotConfigured`], which says what to set.
    pub async fn resolve(&self, project: ProjectId, name: &str) -> Result<Resolved, LlmError> {
        let providers = self.of_project(project).await?;
        choose(&providers, name).ok_or_else(|| LlmError::ProviderNotConfigured {
            model: name.to_owned(),
            remedy: remedy(name),
        })
    }

    /// The provider of this name, if the project has it.
    pub async fn named(
        &self,
        project: ProjectId,
        name: &ProviderName,
    ) -> Result<Option<Arc<Provider>>, LlmError> {
        let providers = self.of_project(project).await?;
        Ok(providers
            .into_iter()
            .find(|provider| provider.name == *name))
    }

    /// A request for an operation, signed now.
    ///
    /// # Errors
    /// [`LlmError::NotAskable`] when the provider does not serve it.
    pub(crate) fn request(
        &self,
        provider: &Provider,
        ask: &Ask<'_>,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<reqwest::Request, LlmError> {
        provider
            .request(ask, headers, body, self.clock.now())
            .map_err(|source| not_askable(provider, source))
    }

    /// What a provider that speaks OpenAI's API says of one model.
    pub(crate) async fn one_model(
        &self,
        provider: &Provider,
        model: &str,
        headers: &CallerHeaders,
    ) -> Result<WholeAnswer, LlmError> {
        let path = format!("/models/{}", segment(model));
        let now = self.clock.now();
        let request = provider
            .passed_on(Method::GET, &path, headers, Bytes::new(), now)
            .map_err(|source| not_askable(provider, source))?;
        let limit = self.client.first_byte_timeout;
        self.client.fetch(provider, request, limit).await
    }

    /// A provider's own list of models.
    pub(crate) async fn list_models(
        &self,
        provider: &Provider,
        headers: &CallerHeaders,
        limit: Duration,
    ) -> Result<WholeAnswer, LlmError> {
        let ask = Ask {
            operation: super::Operation::Models,
            model: "",
            stream: false,
        };
        let request = self.request(provider, &ask, headers, Bytes::new())?;
        self.client.fetch(provider, request, limit).await
    }
}

fn not_askable(provider: &Provider, source: NotAskable) -> LlmError {
    LlmError::NotAskable {
        provider: provider.name.clone(),
        source: Arc::new(source),
    }
}

/// The rules of [`Providers::resolve`].
fn choose(providers: &[Arc<Provider>], name: &str) -> Option<Resolved> {
    let resolved = |provider: &Arc<Provider>, model: &str| Resolved {
        provider: provider.clone(),
        model: model.to_owned(),
    };
    if let Some((prefix, model)) = name.split_once('/') {
        let named = |provider: &&Arc<Provider>| provider.name.as_str() == prefix;
        let named = providers.iter().find(named).filter(|_| !model.is_empty());
        if let Some(provider) = named {
            return Some(resolved(provider, model));
        }
    }
    // Of equally close claims the first wins: a project's before the operator's.
    let claimed = providers
        .iter()
        .rev()
        .filter_map(|provider| Some((provider.claims(name)?, provider)))
        .max_by_key(|(claim, _)| *claim);
    if let Some((_, provider)) = claimed {
        return Some(resolved(provider, name));
    }
    let of_kind = |kind: ProviderKind| providers.iter().find(|provider| provider.kind == kind);
    let vendor = vendor_of(name);
    // A server of the operator's own may serve any model.
    let own_server = || providers.iter().find(|provider| provider.is_own_server);
    let only = || {
        let mut elsewhere = providers.iter().filter(|provider| !provider.is_local());
        let only = elsewhere.next().filter(|_| elsewhere.next().is_none());
        only.filter(|_| vendor.is_none())
    };
    let found = match vendor {
        Some(ProviderKind::OpenAi) => {
            of_kind(ProviderKind::OpenAi).or_else(|| of_kind(ProviderKind::Azure))
        }
        Some(kind) => of_kind(kind),
        None => of_kind(ProviderKind::OpenAi),
    };
    found
        .or_else(own_server)
        .or_else(only)
        .map(|provider| resolved(provider, name))
}

/// The vendor whose models have names like this.
fn vendor_of(model: &str) -> Option<ProviderKind> {
    ProviderKind::ALL.into_iter().find(|kind| {
        kind.model_prefixes()
            .iter()
            .any(|prefix| model.starts_with(prefix))
    })
}

/// What would make a model's name mean a provider.
fn remedy(name: &str) -> &'static str {
    let prefix = name.split_once('/').map(|(prefix, _)| prefix);
    let kind = prefix
        .and_then(|prefix| {
            let local = Some(ProviderKind::Local).filter(|kind| kind.name() == prefix);
            local.or_else(|| ProviderKind::from_str(prefix).ok())
        })
        .or_else(|| vendor_of(name));
    match kind {
        Some(ProviderKind::Anthropic) => "set `gateway.anthropic.api_key` or ANTHROPIC_API_KEY",
        Some(ProviderKind::Gemini) => "set `gateway.providers.gemini.api_key` or GEMINI_API_KEY",
        Some(ProviderKind::Bedrock) => {
            "set AWS_REGION and AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or the same under `gateway.providers.bedrock`"
        }
        Some(ProviderKind::Azure) => {
            "set AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY, or `gateway.providers.azure`"
        }
        Some(ProviderKind::Mistral) => "set `gateway.providers.mistral.api_key` or MISTRAL_API_KEY",
        Some(ProviderKind::Groq) => "set `gateway.providers.groq.api_key` or GROQ_API_KEY",
        Some(ProviderKind::DeepSeek) => {
            "set `gateway.providers.deepseek.api_key` or DEEPSEEK_API_KEY"
        }
        Some(ProviderKind::OpenRouter) => {
            "set `gateway.providers.openrouter.api_key` or OPENROUTER_API_KEY"
        }
        Some(ProviderKind::Vllm | ProviderKind::Ollama | ProviderKind::Compatible) => {
            "set its `base_url` under `gateway.providers`"
        }
        Some(ProviderKind::Local) => "set `inference.enabled`",
        Some(ProviderKind::OpenAi) | None => {
            "set `gateway.openai.api_key` or OPENAI_API_KEY, or, for a server of your own, \
             `gateway.openai.base_url` or OPENAI_BASE_URL"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::SecretText;

    fn provider(name: &str, kind: ProviderKind, models: &[&str]) -> Arc<Provider> {
        let mut spec = ProviderSpec::new(name.parse().unwrap(), kind);
        spec.key = Some(SecretText::new("key"));
        spec.region = Some("us-east-1".to_owned());
        if matches!(kind, ProviderKind::Azure | ProviderKind::Compatible) {
            spec.base_url = Some("https://host".to_owned());
        }
        spec.models = models.iter().map(|model| model.parse().unwrap()).collect();
        Arc::new(Provider::new(&spec, Origin::Settings).unwrap())
    }

    fn chosen(providers: &[Arc<Provider>], name: &str) -> Option<(String, String)> {
        choose(providers, name)
            .map(|Resolved { provider, model }| (provider.name.to_string(), model))
    }

    #[test]
    fn a_name_means_a_prefix_then_a_claim_then_a_vendor_then_openai() {
        let providers = [
            provider("own", ProviderKind::Compatible, &["llama-*", "gpt-4o-mini"]),
            provider("groq", ProviderKind::Groq, &["llama-3.3-*", "llama-4"]),
            provider("openai", ProviderKind::OpenAi, &[]),
            provider("bedrock", ProviderKind::Bedrock, &[]),
        ];
        for (name, provider, model) in [
            ("groq/llama-3.3-70b", "groq", "llama-3.3-70b"),
            ("own/a/b", "own", "a/b"),
            ("llama-3.3-70b", "groq", "llama-3.3-70b"),
            ("llama-2", "own", "llama-2"),
            ("gpt-4o-mini", "own", "gpt-4o-mini"),
            ("gpt-4o", "openai", "gpt-4o"),
            ("anthropic.claude-v1:0", "bedrock", "anthropic.claude-v1:0"),
            ("org/something", "openai", "org/something"),
            ("something", "openai", "something"),
        ] {
            let expected = Some((provider.to_owned(), model.to_owned()));
            assert_eq!(chosen(&providers, name), expected, "{name}");
        }
        assert_eq!(chosen(&providers, "claude-x"), None);
        assert_eq!(chosen(&providers[..2], "something"), None);
        let only = chosen(&providers[..1], "something").unwrap();
        assert_eq!(only.0, "own");
        assert!(remedy("groq/x").contains("GROQ_API_KEY"));
    }
}
