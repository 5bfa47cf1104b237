//! The providers that the operator's settings describe.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AwsKeys, ProviderKind, ProviderName, ProviderSpec, spec::OPENAI_URL};
use crate::{
    llm_integration::{GatewaySettings, ModelPattern, ProviderSettings, inference::Inference},
    platform::config::{ConfigError, SecretText},
};

/// `[gateway.providers.<name>]`. Empty stands for "not set".
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct NamedProviderSettings {
    pub kind: String,
    pub base_url: String,
    pub api_key: SecretText,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: SecretText,
    pub session_token: SecretText,
    pub api_version: String,
    pub deployments: BTreeMap<String, String>,
    pub models: Vec<String>,
}

/// What the settings describe, each with the section it stands in.
pub(super) fn configured(
    settings: &GatewaySettings,
) -> Result<Vec<(String, ProviderSpec)>, ConfigError> {
    let sections = [
        (ProviderKind::OpenAi, &settings.openai),
        (ProviderKind::Anthropic, &settings.anthropic),
    ];
    let mut specs = Vec::new();
    for (kind, section) in sections {
        specs.extend(well_known(kind, section)?);
    }
    for (name, section) in &settings.providers {
        specs.extend(named(name, section)?);
    }
    Ok(specs)
}

/// The models of this process as a provider, where the operator wants them.
pub(super) fn local(inference: &Inference) -> Result<Option<(String, ProviderSpec)>, ConfigError> {
    let section = "inference";
    if !inference.is_on() {
        return Ok(None);
    }
    let kind = ProviderKind::Local;
    let mut spec = ProviderSpec::new(name_in(section, kind.name())?, kind);
    for model in inference.state().models {
        let name = model.name.as_str().parse();
        spec.models.push(name.map_err(|why| {
            ConfigError::Rejected(format!("`{section}`: the model `{}`: {why}", model.name))
        })?);
    }
    Ok(Some((section.to_owned(), spec)))
}

/// `[gateway.openai]` and `[gateway.anthropic]`: not used without a key, or an address of one's own.
fn well_known(
    kind: ProviderKind,
    settings: &ProviderSettings,
) -> Result<Option<(String, ProviderSpec)>, ConfigError> {
    let section = format!("gateway.{kind}");
    let mut spec = ProviderSpec::new(name_in(&section, kind.name())?, kind);
    spec.key = settings.api_key.set().map(SecretText::new);
    spec.base_url = text(&settings.base_url).filter(|url| url != OPENAI_URL);
    checked(section, spec, false)
}

fn named(
    name: &str,
    settings: &NamedProviderSettings,
) -> Result<Option<(String, ProviderSpec)>, ConfigError> {
    let section = format!("gateway.providers.{name}");
    let NamedProviderSettings {
        kind,
        base_url,
        api_key,
        region,
        access_key_id,
        secret_access_key,
        session_token,
        api_version,
        deployments,
        models,
    } = settings;
    let rejected =
        |key: &str, why: String| ConfigError::Rejected(format!("`{section}.{key}`: {why}"));
    if let "openai" | "anthropic" = name {
        let why = format!("it has a section of its own, `gateway.{name}`");
        return Err(ConfigError::Rejected(format!("`{section}`: {why}")));
    }
    let of_name = if kind.is_empty() { name } else { kind };
    let kind_is_given = !kind.is_empty();
    let kind: ProviderKind = of_name.parse().map_err(|why| rejected("kind", why))?;
    let pattern = |text: &String| text.parse::<ModelPattern>();
    let secret = |secret: &SecretText| secret.set().map(SecretText::new);
    let spec = ProviderSpec {
        name: name_in(&section, name)?,
        kind,
        base_url: text(base_url),
        key: secret(api_key),
        region: text(region),
        aws: secret(secret_access_key).zip(text(access_key_id)).map(
            |(secret_access_key, access_key_id)| AwsKeys {
                access_key_id,
                secret_access_key,
                session_token: secret(session_token),
            },
        ),
        api_version: text(api_version),
        deployments: deployments.clone(),
        models: models
            .iter()
            .map(pattern)
            .collect::<Result<_, _>>()
            .map_err(|why| rejected("models", why))?,
        extra_headers: BTreeMap::new(),
    };
    checked(section, spec, kind_is_given)
}

/// A provider that lacks something is an error if it was written down on purpose; well-known variables
/// such as `AWS_REGION` are often set for others.
fn checked(
    section: String,
    spec: ProviderSpec,
    on_purpose: bool,
) -> Result<Option<(String, ProviderSpec)>, ConfigError> {
    match spec.adapter() {
        Ok(_) => Ok(Some((section, spec))),
        Err(error) if error.is_missing && !on_purpose => {
            if spec.kind != ProviderKind::OpenAi && spec.kind != ProviderKind::Anthropic {
                tracing::info!(%section, %error, "a provider is not used");
            }
            Ok(None)
        }
        Err(error) => Err(ConfigError::Rejected(format!(
            "`{section}.{}` {}",
            error.field, error.rule
        ))),
    }
}

fn name_in(section: &str, name: &str) -> Result<ProviderName, ConfigError> {
    name.parse()
        .map_err(|why| ConfigError::Rejected(format!("`{section}`: {why}")))
}

fn text(setting: &str) -> Option<String> {
    Some(setting.trim())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
