//! How long a project keeps its traces, and the removal of one.

use actix_web::{HttpResponse, Responder, delete, get, put, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kernel::{Actor, Failure},
    llm_integration::{LlmError, RetentionChoice, TraceId, TraceRetention},
    platform::http::{ErrorBody, Granted, may},
};

#[derive(Serialize, ToSchema)]
struct RetentionBody {
    /// Days from a trace's start until it is removed; 0 = never.
    days: u32,
    /// Whether the project chose it, rather than the operator.
    is_own: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RetentionChange {
    /// 0 = for ever; null leaves it to the operator.
    days: Option<u32>,
}

async fn answer(
    retention: &TraceRetention,
    actor: &Actor,
) -> Result<web::Json<RetentionBody>, LlmError> {
    let RetentionChoice { days, is_own } = retention.choice(actor).await?;
    Ok(web::Json(RetentionBody { days, is_own }))
}

/// How long the project keeps its traces.
#[utoipa::path(tag = "traces", security(("api_key" = [])), responses((status = OK, body = RetentionBody)))]
#[get("/api/v1/trace-retention")]
pub(super) async fn get(
    granted: Granted<may::TracesRead>,
    retention: web::Data<TraceRetention>,
) -> Result<impl Responder, Failure> {
    Ok(answer(&retention, &granted.actor).await?)
}

/// Chooses how long the project keeps its traces. What is older is removed within the hour, with
/// its observations, scores and stored inputs and outputs.
#[utoipa::path(tag = "traces", security(("api_key" = [])), request_body = RetentionChange,
    responses((status = OK, body = RetentionBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[put("/api/v1/trace-retention")]
pub(super) async fn put(
    granted: Granted<may::TracesManage>,
    retention: web::Data<TraceRetention>,
    body: web::Json<RetentionChange>,
) -> Result<impl Responder, Failure> {
    retention
        .choose(&granted.actor, body.into_inner().days)
        .await?;
    Ok(answer(&retention, &granted.actor).await?)
}

/// Deletes a trace with its observations, scores and stored inputs and outputs. One that is not
/// there counts as deleted; what is reported of it within a week from now is dropped.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = NO_CONTENT), (status = BAD_REQUEST, body = ErrorBody)))]
#[delete("/api/v1/traces/{id}")]
pub(super) async fn delete_trace(
    granted: Granted<may::TracesManage>,
    retention: web::Data<TraceRetention>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let id: TraceId = id.parse().map_err(|takes| LlmError::InvalidCall {
        what: format!("a trace's id has {takes}"),
    })?;
    retention.delete(&granted.actor, vec![id]).await?;
    Ok(HttpResponse::NoContent())
}
