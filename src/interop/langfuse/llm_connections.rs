//! `/api/public/llm-connections`: a project's own providers, as Langfuse's SDKs describe them.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, Responder, delete, get, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::query::{Query, invalid};
use crate::{
    kernel::{ErrorCode, Failure, PageLimit},
    llm_integration::{AwsKeys, Connection, Connections, NewConnection, NewSecrets, ProviderKind},
    platform::{
        config::SecretText,
        http::{Endpoints, Granted, may},
    },
};

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config.service(list).service(put).service(delete);
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LangfusePutLlmConnection {
    /// Its name; a connection of the same name is replaced.
    provider: String,
    /// `openai`, `anthropic`, `azure`, `bedrock` or `google-ai-studio`.
    adapter: String,
    /// Bedrock's is `{"accessKeyId": ..., "secretAccessKey": ...}` as text, or a key of Bedrock's own.
    #[schema(value_type = String, write_only)]
    secret_key: SecretText,
    #[serde(rename = "baseURL")]
    base_url: Option<String>,
    custom_models: Option<Vec<String>>,
    #[schema(value_type = Option<BTreeMap<String, String>>, write_only)]
    extra_headers: Option<BTreeMap<String, SecretText>>,
    /// Bedrock's `{"region": ...}`.
    #[schema(value_type = Option<Object>)]
    config: Option<LangfuseLlmConnectionConfig>,
}

#[derive(Deserialize, ToSchema)]
struct LangfuseLlmConnectionConfig {
    region: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LangfuseLlmConnection {
    id: String,
    provider: String,
    adapter: &'static str,
    display_secret_key: String,
    #[serde(rename = "baseURL")]
    base_url: Option<String>,
    custom_models: Vec<String>,
    with_default_models: bool,
    extra_header_keys: Vec<String>,
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
struct LangfuseLlmConnections {
    data: Vec<LangfuseLlmConnection>,
    #[schema(value_type = Object)]
    meta: Value,
}

#[derive(Serialize, ToSchema)]
struct LangfuseLlmConnectionDeleted {
    message: &'static str,
}

/// Langfuse's text of Bedrock's credentials.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BedrockKey {
    access_key_id: String,
    secret_access_key: SecretText,
    session_token: Option<SecretText>,
}

impl LangfusePutLlmConnection {
    fn parse(self) -> Result<NewConnection, Failure> {
        let Self {
            provider,
            adapter,
            secret_key,
            base_url,
            custom_models,
            extra_headers,
            config,
        } = self;
        let kind = match adapter.as_str() {
            "openai" => ProviderKind::OpenAi,
            "anthropic" => ProviderKind::Anthropic,
            "azure" => ProviderKind::Azure,
            "bedrock" => ProviderKind::Bedrock,
            "google-ai-studio" => ProviderKind::Gemini,
            _ => {
                let takes = "openai, anthropic, azure, bedrock or google-ai-studio";
                return Err(invalid("adapter", takes));
            }
        };
        let aws = match serde_json::from_str::<BedrockKey>(secret_key.expose()) {
            Ok(key) if kind == ProviderKind::Bedrock => Some(AwsKeys {
                access_key_id: key.access_key_id,
                secret_access_key: key.secret_access_key,
                session_token: key.session_token,
            }),
            _ => None,
        };
        let models = custom_models.unwrap_or_default();
        let models = models.iter().map(|model| model.parse());
        Ok(NewConnection {
            name: provider
                .parse()
                .map_err(|why: String| invalid("provider", why))?,
            kind,
            base_url: base_url.filter(|url| !url.is_empty()),
            region: config.and_then(|config| config.region),
            api_version: None,
            deployments: BTreeMap::new(),
            models: models
                .collect::<Result<_, String>>()
                .map_err(|why| invalid("customModels", why))?,
            secrets: NewSecrets {
                api_key: aws.is_none().then_some(secret_key),
                aws,
                // What is not named is gone: this is the whole connection.
                extra_headers: Some(extra_headers.unwrap_or_default()),
            },
        })
    }
}

impl From<Connection> for LangfuseLlmConnection {
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
        let adapter = match kind {
            ProviderKind::Anthropic => "anthropic",
            ProviderKind::Azure => "azure",
            ProviderKind::Bedrock => "bedrock",
            ProviderKind::Gemini => "google-ai-studio",
            _ => "openai",
        };
        Self {
            id: id.to_string(),
            provider: name.to_string(),
            adapter,
            display_secret_key: format!("...{key_hint}"),
            base_url,
            with_default_models: details.models.is_empty(),
            custom_models: details.models,
            extra_header_keys: details.header_names,
            config: details.region.map(|region| json!({ "region": region })),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

/// The project's own providers.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query)),
    responses((status = OK, body = LangfuseLlmConnections)))]
#[get("/api/public/llm-connections")]
async fn list(
    granted: Granted<may::ProvidersManage>,
    connections: web::Data<Connections>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let page = query.parsed::<usize>("page")?.unwrap_or(1).max(1);
    let limit = PageLimit::parse(query.parsed("limit")?)?;
    let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let all = connections.list(&granted.actor).await?;
    let total = all.len();
    let data = all
        .into_iter()
        .skip((page - 1).saturating_mul(limit))
        .take(limit);
    Ok(web::Json(LangfuseLlmConnections {
        data: data.map(Into::into).collect(),
        meta: json!({ "page": page, "limit": limit, "totalItems": total,
            "totalPages": total.div_ceil(limit) }),
    }))
}

/// Creates the connection, or replaces the one of the same name.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), request_body = LangfusePutLlmConnection,
    responses((status = OK, body = LangfuseLlmConnection)))]
#[put("/api/public/llm-connections")]
async fn put(
    granted: Granted<may::ProvidersManage>,
    connections: web::Data<Connections>,
    body: web::Json<LangfusePutLlmConnection>,
) -> Result<impl Responder, Failure> {
    let new = body.into_inner().parse()?;
    let connection = connections.put(&granted.actor, new).await?;
    Ok(web::Json(LangfuseLlmConnection::from(connection)))
}

/// Removes a connection and its key.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, body = LangfuseLlmConnectionDeleted)))]
#[delete("/api/public/llm-connections/{id}")]
async fn delete(
    granted: Granted<may::ProvidersManage>,
    connections: web::Data<Connections>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let all = connections.list(&granted.actor).await?;
    let found = all
        .into_iter()
        .find(|connection| connection.id.to_string() == *id);
    let Some(connection) = found else {
        let message = format!("there is no LLM connection `{id}` in this project");
        return Err(Failure::new(ErrorCode::NotFound, message));
    };
    connections.delete(&granted.actor, connection.name).await?;
    Ok(web::Json(LangfuseLlmConnectionDeleted {
        message: "LLM connection successfully deleted",
    }))
}
