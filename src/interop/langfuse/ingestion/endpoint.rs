//! The endpoint.

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::service::Batches;
use crate::{
    kernel::Failure,
    platform::http::{Endpoints, Granted, may},
};

pub fn routes(config: &mut Endpoints<'_>) {
    config.service(ingest);
}

/// A batch of events.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "what the document says; events are read one by one"
)]
struct LangfuseBatch {
    batch: Vec<LangfuseEvent>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
}

#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "what the document says; events are read one by one"
)]
struct LangfuseEvent {
    id: String,
    /// `trace-create`, `span-create`, `span-update`, `generation-create`, `generation-update`,
    /// `event-create`, `score-create`, `sdk-log`, `observation-create` or `observation-update`.
    r#type: String,
    /// ISO 8601; of two values for one field the later one counts.
    timestamp: String,
    #[schema(value_type = Object)]
    body: Value,
}

/// Takes a batch of events; each is taken or refused for itself.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), request_body = LangfuseBatch,
    responses((status = MULTI_STATUS, description = "`successes` and `errors`, by the events' ids"),
        (status = BAD_REQUEST), (status = PAYLOAD_TOO_LARGE),
        (status = TOO_MANY_REQUESTS, description = "Nothing was taken; send it again after `Retry-After`")))]
#[post("/api/public/ingestion")]
async fn ingest(
    granted: Granted<may::TracesWrite>,
    batches: web::Data<Batches>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    let body = batches.receive(&request, payload).await?;
    let answer = batches.take_in(&granted.actor, body).await?;
    Ok(HttpResponse::MultiStatus().json(answer))
}
