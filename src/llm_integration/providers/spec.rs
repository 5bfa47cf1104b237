//! All that is said of a provider, in settings or by a project, and the adapter that follows from it.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use reqwest::header::{HeaderMap, HeaderName};
use url::Url;

use super::{
    ProviderKind, ProviderName,
    adapter::{Adapter, secret_header},
    vendors::{Anthropic, Azure, Bedrock, BedrockCredentials, Compatible, Gemini, Local, OpenAi},
};
use crate::{llm_integration::ModelPattern, platform::config::SecretText};

pub(super) const OPENAI_URL: &str = "https://api.openai.com/v1";
const ANTHROPIC_URL: &str = "https://api.anthropic.com";
/// Who the credentials are from, in AWS's debug output.
const CREDENTIALS_OF: &str = "kaname";

/// A provider as it was described. What is `None` has the vendor's default, where there is one.
#[derive(Clone, Debug)]
pub struct ProviderSpec {
    pub name: ProviderName,
    pub kind: ProviderKind,
    pub base_url: Option<String>,
    pub key: Option<SecretText>,
    /// Bedrock's.
    pub region: Option<String>,
    /// Bedrock's, where it has no key of its own.
    pub aws: Option<AwsKeys>,
    /// Azure's. `None` stands for the `/openai/v1` address.
    pub api_version: Option<String>,
    /// Azure's deployments by model, where their names differ.
    pub deployments: BTreeMap<String, String>,
    /// The models it offers; empty = whatever it lists itself.
    pub models: Vec<ModelPattern>,
    /// Sent with every call. Their values are secrets.
    pub extra_headers: BTreeMap<String, SecretText>,
}

#[derive(Clone, Debug)]
pub struct AwsKeys {
    pub access_key_id: String,
    pub secret_access_key: SecretText,
    pub session_token: Option<SecretText>,
}

/// What is wrong with a description, by field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {rule}")]
pub struct SpecInvalid {
    pub field: &'static str,
    pub rule: String,
    /// Whether it only lacks something.
    pub is_missing: bool,
}

impl SpecInvalid {
    fn missing(field: &'static str, rule: &str) -> Self {
        Self {
            field,
            rule: rule.to_owned(),
            is_missing: true,
        }
    }

    fn wrong(field: &'static str, rule: String) -> Self {
        Self {
            field,
            rule,
            is_missing: false,
        }
    }
}

impl ProviderSpec {
    pub fn new(name: ProviderName, kind: ProviderKind) -> Self {
        Self {
            name,
            kind,
            base_url: None,
            key: None,
            region: None,
            aws: None,
            api_version: None,
            deployments: BTreeMap::new(),
            models: Vec::new(),
            extra_headers: BTreeMap::new(),
        }
    }

    /// # Errors
    /// When something that the kind needs is missing, or not what it should be.
    pub(super) fn adapter(&self) -> Result<Box<dyn Adapter>, SpecInvalid> {
        use ProviderKind as K;
        let base_url = self.base_url.as_deref().map(checked_url).transpose()?;
        let key = self.key.clone();
        Ok(match self.kind {
            K::OpenAi => {
                if key.is_none() && base_url.as_deref().is_none_or(is_openais) {
                    return Err(no_key());
                }
                let base_url = base_url.unwrap_or_else(|| OPENAI_URL.to_owned());
                Box::new(OpenAi { base_url, key })
            }
            K::Anthropic => {
                let base_url = base_url.unwrap_or_else(|| ANTHROPIC_URL.to_owned());
                Box::new(Anthropic::new(&base_url, key.ok_or_else(no_key)?))
            }
            K::Azure => {
                let rule = "is missing: the endpoint, like https://name.openai.azure.com";
                let endpoint = base_url.ok_or_else(|| SpecInvalid::missing("base_url", rule))?;
                let (version, deployments) = (self.api_version.clone(), self.deployments.clone());
                let key = key.ok_or_else(no_key)?;
                Box::new(Azure::new(&endpoint, version, deployments, key))
            }
            K::Gemini => {
                let base_url = base_url.unwrap_or_else(|| Gemini::BASE_URL.to_owned());
                Box::new(Gemini::new(base_url, key.ok_or_else(no_key)?))
            }
            K::Bedrock => Box::new(self.bedrock(base_url)?),
            K::Local => Box::new(Local),
            kind => {
                if key.is_none() && base_url.is_none() && Compatible::needs_key(kind) {
                    return Err(no_key());
                }
                let preset = || Compatible::preset_url(kind).map(str::to_owned);
                let rule = "is missing: where the server is, like https://host/v1";
                let base_url = base_url
                    .or_else(preset)
                    .ok_or_else(|| SpecInvalid::missing("base_url", rule))?;
                Box::new(Compatible::new(kind, base_url, key))
            }
        })
    }

    fn bedrock(&self, base_url: Option<String>) -> Result<Bedrock, SpecInvalid> {
        let credentials = match (&self.key, &self.aws) {
            (Some(key), _) => BedrockCredentials::Bearer(key.clone()),
            (None, Some(keys)) => BedrockCredentials::Signed(Credentials::new(
                keys.access_key_id.clone(),
                keys.secret_access_key.expose().to_owned(),
                keys.session_token
                    .as_ref()
                    .map(|token| token.expose().to_owned()),
                None,
                CREDENTIALS_OF,
            )),
            (None, None) => {
                let rule = "is missing: set it, or `access_key_id` and `secret_access_key`";
                return Err(SpecInvalid::missing("api_key", rule));
            }
        };
        let rule = "is missing: the region of AWS, like us-east-1";
        let region = self
            .region
            .clone()
            .ok_or_else(|| SpecInvalid::missing("region", rule))?;
        if !region
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        {
            let rule = "is a name like us-east-1".to_owned();
            return Err(SpecInvalid::wrong("region", rule));
        }
        Ok(Bedrock::new(region, base_url, credentials))
    }

    pub(super) fn headers(&self) -> Result<HeaderMap, SpecInvalid> {
        let wrong = |name: &str, what: &str| {
            SpecInvalid::wrong("extra_headers", format!("holds `{name}`, {what}"))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &self.extra_headers {
            let header = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| wrong(name, "which is no name of a header"))?;
            if REFUSED_HEADERS.contains(&header.as_str()) {
                return Err(wrong(name, "which the gateway sets itself"));
            }
            let value = secret_header(value.expose())
                .map_err(|_| wrong(name, "whose value no header can carry"))?;
            headers.insert(header, value);
        }
        Ok(headers)
    }
}

/// Headers that decide where a message begins, ends and goes.
const REFUSED_HEADERS: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn no_key() -> SpecInvalid {
    SpecInvalid::missing("api_key", "is missing")
}

pub(super) fn is_openais(base_url: &str) -> bool {
    Url::parse(base_url)
        .ok()
        .and_then(|url| url.host_str().map(|host| host.ends_with("openai.com")))
        .unwrap_or(false)
}

/// Without a slash at its end.
fn checked_url(text: &str) -> Result<String, SpecInvalid> {
    let text = text.trim().trim_end_matches('/');
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none() =>
        {
            Ok(text.to_owned())
        }
        _ => Err(SpecInvalid::wrong(
            "base_url",
            "must be an address like https://host/path, without a query".to_owned(),
        )),
    }
}
