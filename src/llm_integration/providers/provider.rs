//! One provider: its name, its address, its key, and the paths it is called at.

use reqwest::RequestBuilder;
use url::Url;

use crate::{
    llm_integration::ProviderSettings,
    platform::config::{ConfigError, SecretText},
};

/// The version of Anthropic's own API that its list of models is read with.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// Whose manners a provider has where they differ from OpenAI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    /// Chat completions in OpenAI's form; the list of models in its own.
    Anthropic,
}

#[derive(Clone, Debug)]
pub struct Provider {
    /// `gen_ai.provider.name` of OpenTelemetry.
    pub name: &'static str,
    pub dialect: Dialect,
    /// Ends without a slash, and with the version.
    base_url: String,
    key: Option<SecretText>,
}

impl Provider {
    /// `None` when there is neither a key nor an address of the operator's own.
    pub fn openai(settings: &ProviderSettings) -> Result<Option<Self>, ConfigError> {
        let base_url = checked("gateway.openai.base_url", &settings.base_url)?;
        let is_openais = Url::parse(&base_url).is_ok_and(|url| {
            url.host_str()
                .is_some_and(|host| host.ends_with("openai.com"))
        });
        let key = key_of(settings);
        let configured = key.is_some() || !is_openais;
        Ok(configured.then_some(Self {
            name: "openai",
            dialect: Dialect::OpenAi,
            base_url,
            key,
        }))
    }

    /// `None` without a key.
    pub fn anthropic(settings: &ProviderSettings) -> Result<Option<Self>, ConfigError> {
        let base_url = format!(
            "{}/v1",
            checked("gateway.anthropic.base_url", &settings.base_url)?
        );
        Ok(key_of(settings).map(|key| Self {
            name: "anthropic",
            dialect: Dialect::Anthropic,
            base_url,
            key: Some(key),
        }))
    }

    /// Whether it is at an address of the operator's own.
    pub fn is_custom(&self) -> bool {
        self.dialect == Dialect::OpenAi && !self.base_url.contains("openai.com")
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Adds this provider's credentials.
    pub fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key.expose()),
            None => request,
        }
    }

    /// Adds this provider's credentials for what is not OpenAI's API.
    pub fn authorize_native(&self, request: RequestBuilder) -> RequestBuilder {
        match (&self.key, self.dialect) {
            (Some(key), Dialect::Anthropic) => request
                .header("x-api-key", key.expose())
                .header("anthropic-version", ANTHROPIC_VERSION),
            _ => self.authorize(request),
        }
    }
}

fn key_of(settings: &ProviderSettings) -> Option<SecretText> {
    settings.api_key.set().map(SecretText::new)
}

fn checked(setting: &str, base_url: &str) -> Result<String, ConfigError> {
    let base_url = base_url.trim().trim_end_matches('/');
    match Url::parse(base_url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() => {
            Ok(base_url.to_owned())
        }
        _ => Err(ConfigError::Rejected(format!(
            "`{setting}` must be an address like https://host/path, without a query"
        ))),
    }
}
