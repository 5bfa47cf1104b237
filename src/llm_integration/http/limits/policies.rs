//! `/api/v1/keys/{id}/policy`: what makes an API key a virtual key.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, Responder, delete, get, put, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::bodies::{LimitBody, invalid};
use crate::{
    identity::Identity,
    kernel::Failure,
    llm_integration::{KeyPolicy, Limits, LlmError, ModelPattern},
    platform::http::{ErrorBody, Granted, may, path_id},
};

const MAX_PATTERNS: usize = 200;
const MAX_LIMITS: usize = 20;
const MAX_TAGS: usize = 20;
const MAX_TEXT_CHARS: usize = 200;
const MAX_METADATA_BYTES: usize = 4096;

/// What a key may call, what its calls may use, and what they carry.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyPolicyBody {
    /// Names of models, or patterns in which `*` stands for any characters. With neither these nor
    /// `allowed_routes`, the key may call every model and route.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_models: Option<Vec<String>>,
    /// Names or patterns of routes.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_routes: Option<Vec<String>>,
    /// Limits and, with the unit `money`, budgets of this key; one for each unit and window.
    #[serde(default)]
    limits: Vec<LimitBody>,
    /// Added to the tags of its calls.
    #[serde(default)]
    tags: Vec<String>,
    /// Of calls that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// Added to the metadata of its calls.
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
}

impl KeyPolicyBody {
    fn parse(self) -> Result<KeyPolicy, LlmError> {
        let Self {
            allowed_models,
            allowed_routes,
            limits,
            tags,
            environment,
            metadata,
        } = self;
        at_most("limits", limits.len(), MAX_LIMITS)?;
        at_most("tags", tags.len(), MAX_TAGS)?;
        let size: usize = metadata
            .iter()
            .map(|(key, value)| key.len() + value.to_string().len())
            .sum();
        at_most("bytes of `metadata`", size, MAX_METADATA_BYTES)?;
        let limits: Vec<_> = limits
            .iter()
            .map(LimitBody::parse)
            .collect::<Result<_, _>>()?;
        for (at, limit) in limits.iter().enumerate() {
            if limits[..at]
                .iter()
                .any(|other| other.measure == limit.measure)
            {
                let what = format!("`limits` has two for {limit}: leave one out");
                return Err(invalid(what));
            }
        }
        for text in tags.iter().chain(&environment) {
            let length = text.chars().count();
            if length == 0 || length > MAX_TEXT_CHARS || text.chars().any(char::is_control) {
                return Err(invalid(format!(
                    "a tag or environment has 1 to {MAX_TEXT_CHARS} characters, none of them control characters"
                )));
            }
        }
        Ok(KeyPolicy {
            allowed_models: allowed_models.as_deref().map(patterns).transpose()?,
            allowed_routes: allowed_routes.as_deref().map(patterns).transpose()?,
            limits,
            tags,
            environment,
            metadata,
        })
    }
}

fn at_most(what: &str, count: usize, most: usize) -> Result<(), LlmError> {
    if count > most {
        return Err(invalid(format!(
            "{count} {what}; a policy has at most {most}"
        )));
    }
    Ok(())
}

fn patterns(texts: &[String]) -> Result<Vec<ModelPattern>, LlmError> {
    at_most("patterns", texts.len(), MAX_PATTERNS)?;
    texts
        .iter()
        .map(|text| text.parse().map_err(invalid))
        .collect()
}

impl From<KeyPolicy> for KeyPolicyBody {
    fn from(policy: KeyPolicy) -> Self {
        let KeyPolicy {
            allowed_models,
            allowed_routes,
            limits,
            tags,
            environment,
            metadata,
        } = policy;
        let texts = |patterns: Vec<ModelPattern>| {
            let texts = patterns.iter().map(|pattern| pattern.as_str().to_owned());
            texts.collect()
        };
        Self {
            allowed_models: allowed_models.map(texts),
            allowed_routes: allowed_routes.map(texts),
            limits: limits.into_iter().map(Into::into).collect(),
            tags,
            environment,
            metadata,
        }
    }
}

/// The policy of a key.
#[utoipa::path(tag = "limits", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, body = KeyPolicyBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/keys/{id}/policy")]
pub(in crate::llm_integration::http) async fn get(
    granted: Granted<may::KeysManage>,
    limits: web::Data<Limits>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let policy = limits
        .key_policy(&granted.actor, path_id("API key", &id)?)
        .await?;
    Ok(web::Json(KeyPolicyBody::from(policy)))
}

/// Sets, or replaces, the policy of a key; it counts on every replica within 5 seconds. A limit that
/// stays in it keeps what it has counted.
#[utoipa::path(tag = "limits", security(("api_key" = [])), params(("id" = String, Path)),
    request_body = KeyPolicyBody,
    responses((status = OK, body = KeyPolicyBody), (status = BAD_REQUEST, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody)))]
#[put("/api/v1/keys/{id}/policy")]
pub(in crate::llm_integration::http) async fn put(
    granted: Granted<may::KeysManage>,
    limits: web::Data<Limits>,
    identity: web::Data<Identity>,
    id: web::Path<String>,
    body: web::Json<KeyPolicyBody>,
) -> Result<impl Responder, Failure> {
    let key = path_id("API key", &id)?;
    let policy = body.into_inner().parse()?;
    let answer = KeyPolicyBody::from(policy.clone());
    limits
        .put_key_policy(&granted.actor, &identity, key, policy)
        .await?;
    Ok(web::Json(answer))
}

/// Removes the policy of a key: it may call what its permissions allow.
#[utoipa::path(tag = "limits", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/keys/{id}/policy")]
pub(in crate::llm_integration::http) async fn delete(
    granted: Granted<may::KeysManage>,
    limits: web::Data<Limits>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    limits
        .delete_key_policy(&granted.actor, path_id("API key", &id)?)
        .await?;
    Ok(HttpResponse::NoContent())
}
