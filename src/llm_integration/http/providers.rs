//! The providers that a project connects itself. Keys come in and never go out.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, Responder, delete, get, post, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kernel::Failure,
    llm_integration::{
        AwsKeys, Connection, Connections, LlmError, NewConnection, NewSecrets, ProviderKind,
        ProviderName, Tried,
    },
    platform::{
        config::SecretText,
        http::{ErrorBody, Granted, may},
    },
};

/// A provider to connect. What its kind does not need is left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PutProvider {
    /// `openai`, `anthropic`, `azure`, `gemini`, `bedrock`, `mistral`, `groq`, `deepseek`, `openrouter`,
    /// `vllm`, `ollama`, or `compatible` for any server that speaks OpenAI's API.
    kind: String,
    /// On the public internet, unless the operator allows its host. Absent, the kind's own.
    base_url: Option<String>,
    /// Absent, the stored one stays, as long as `kind`, `base_url` and `region` do.
    #[schema(value_type = Option<String>, write_only)]
    api_key: Option<SecretText>,
    /// Bedrock's region of AWS.
    region: Option<String>,
    /// Bedrock's credentials where it has no `api_key`.
    access_key_id: Option<String>,
    #[schema(value_type = Option<String>, write_only)]
    secret_access_key: Option<SecretText>,
    #[schema(value_type = Option<String>, write_only)]
    session_token: Option<SecretText>,
    /// Azure's; absent, its `/openai/v1` address is asked.
    api_version: Option<String>,
    /// Azure's deployments by model, where their names differ.
    #[serde(default)]
    deployments: BTreeMap<String, String>,
    /// Names of models, or patterns in which `*` stands for any characters, that mean this provider
    /// without its name before them. Empty, it is asked for its list.
    #[serde(default)]
    models: Vec<String>,
    /// Sent with every call. Absent, the stored ones stay.
    #[schema(value_type = Option<BTreeMap<String, String>>, write_only)]
    extra_headers: Option<BTreeMap<String, SecretText>>,
}

/// A connected provider, without its secrets.
#[derive(Serialize, ToSchema)]
struct ProviderBody {
    id: String,
    /// `name/model` reaches a model of this provider.
    name: String,
    kind: &'static str,
    base_url: Option<String>,
    /// The last four characters of the key; empty for a short key, and for none.
    key_hint: String,
    region: Option<String>,
    api_version: Option<String>,
    deployments: BTreeMap<String, String>,
    models: Vec<String>,
    extra_header_names: Vec<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
struct ProviderListBody {
    items: Vec<ProviderBody>,
}

/// What came of asking a provider for its models.
#[derive(Serialize, ToSchema)]
struct ProviderTestBody {
    ok: bool,
    /// How many models it lists.
    models: Option<usize>,
    /// What went wrong.
    error: Option<String>,
    took_ms: u64,
}

impl PutProvider {
    fn parse(self, name: &str) -> Result<NewConnection, LlmError> {
        let invalid = |what: String| LlmError::ProviderInvalid { what };
        let about = |field: &str, why: String| invalid(format!("`{field}`: {why}"));
        let Self {
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
            extra_headers,
        } = self;
        let kind: ProviderKind = kind.parse().map_err(|why| about("kind", why))?;
        let aws = match (access_key_id, secret_access_key) {
            (Some(access_key_id), Some(secret_access_key)) => Some(AwsKeys {
                access_key_id,
                secret_access_key,
                session_token,
            }),
            (None, None) if session_token.is_none() => None,
            _ => {
                let what = "`access_key_id` and `secret_access_key` come together".to_owned();
                return Err(invalid(what));
            }
        };
        Ok(NewConnection {
            name: parse_name(name)?,
            kind,
            base_url,
            region,
            api_version,
            deployments,
            models: models
                .iter()
                .map(|model| model.parse())
                .collect::<Result<_, _>>()
                .map_err(|why| about("models", why))?,
            secrets: NewSecrets {
                api_key,
                aws,
                extra_headers,
            },
        })
    }
}

impl From<Connection> for ProviderBody {
    fn from(connection: Connection) -> Self {
        let Connection {
            id,
            name,
            kind,
            base_url,
            key_hint,
            details,
            created_at,
            updated_at,
        } = connection;
        Self {
            id: id.to_string(),
            name: name.to_string(),
            kind: kind.name(),
            base_url,
            key_hint,
            region: details.region,
            api_version: details.api_version,
            deployments: details.deployments,
            models: details.models,
            extra_header_names: details.header_names,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

impl From<Tried> for ProviderTestBody {
    fn from(Tried { took, outcome }: Tried) -> Self {
        Self {
            ok: outcome.is_ok(),
            models: outcome.as_ref().ok().copied(),
            error: outcome.err(),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn parse_name(name: &str) -> Result<ProviderName, LlmError> {
    name.parse()
        .map_err(|what| LlmError::ProviderInvalid { what })
}

/// The providers that the project has connected.
#[utoipa::path(tag = "providers", security(("api_key" = [])),
    responses((status = OK, body = ProviderListBody)))]
#[get("/api/v1/providers")]
pub(super) async fn list(
    granted: Granted<may::ProvidersManage>,
    connections: web::Data<Connections>,
) -> Result<impl Responder, Failure> {
    let found = connections.list(&granted.actor).await?;
    Ok(web::Json(ProviderListBody {
        items: found.into_iter().map(Into::into).collect(),
    }))
}

/// One provider of the project's own.
#[utoipa::path(tag = "providers", security(("api_key" = [])), params(("name" = String, Path)),
    responses((status = OK, body = ProviderBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/providers/{name}")]
pub(super) async fn get(
    granted: Granted<may::ProvidersManage>,
    connections: web::Data<Connections>,
    name: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let found = connections.get(&granted.actor, parse_name(&name)?).await?;
    Ok(web::Json(ProviderBody::from(found)))
}

/// Connects a provider, or replaces the one of this name; other replicas see it within 5 seconds. It
/// takes the place of a provider of the same name in the operator's settings.
#[utoipa::path(tag = "providers", security(("api_key" = [])), params(("name" = String, Path)),
    request_body = PutProvider,
    responses((status = OK, body = ProviderBody), (status = BAD_REQUEST, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody, description = "The operator has set no master key")))]
#[put("/api/v1/providers/{name}")]
pub(super) async fn put(
    granted: Granted<may::ProvidersManage>,
    connections: web::Data<Connections>,
    name: web::Path<String>,
    body: web::Json<PutProvider>,
) -> Result<impl Responder, Failure> {
    let new = body.into_inner().parse(&name)?;
    let connection = connections.put(&granted.actor, new).await?;
    Ok(web::Json(ProviderBody::from(connection)))
}

/// Removes a provider and its key.
#[utoipa::path(tag = "providers", security(("api_key" = [])), params(("name" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/providers/{name}")]
pub(super) async fn delete(
    granted: Granted<may::ProvidersManage>,
    connections: web::Data<Connections>,
    name: web::Path<String>,
) -> Result<impl Responder, Failure> {
    connections
        .delete(&granted.actor, parse_name(&name)?)
        .await?;
    Ok(HttpResponse::NoContent())
}

/// Asks a connected provider for its models, and tells what came of it.
#[utoipa::path(tag = "providers", security(("api_key" = [])), params(("name" = String, Path)),
    responses((status = OK, body = ProviderTestBody), (status = NOT_FOUND, body = ErrorBody)))]
#[post("/api/v1/providers/{name}/test")]
pub(super) async fn test(
    granted: Granted<may::ProvidersManage>,
    connections: web::Data<Connections>,
    name: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let tried = connections
        .try_out(&granted.actor, parse_name(&name)?)
        .await?;
    Ok(web::Json(ProviderTestBody::from(tried)))
}
