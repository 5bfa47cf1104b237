//! `POST /v1/chat/completions`, as OpenAI's SDKs call it.

use actix_web::{HttpRequest, HttpResponse, post, web};

use super::passed;
use crate::{
    kernel::Failure,
    llm_integration::{Gateway, dialects::Dialect},
    platform::http::{Granted, may},
};

/// Completes a chat with the model that the body names.
///
/// The body goes to the model's provider as it is, and its answer, status and errors come back as
/// they are; with `stream: true` as server-sent events. The call is traced: `metadata.langfuse_*` in
/// the body, or `x-langfuse-*` headers, link it to a prompt (`prompt_name`, `prompt_version`), a
/// trace (`trace_id`, `parent_observation_id`, `trace_name`; or W3C `traceparent`), a session
/// (`session_id`), a user (`user_id`), `tags`, an `environment`, `release` and `version`. The trace
/// is stored before the answer ends, and named by the answer's header `x-kaname-trace-id`.
///
/// `model` can be a route (`/api/v1/routes`), `provider/model`, or a model's name. Headers of the call:
/// `x-kaname-drop-params: true` leaves out what the provider can not take, rather than refusing it,
/// and names it in the answer's `x-kaname-dropped-params`; `x-kaname-cache: ttl=60, namespace=x` (or
/// `no-store`) answers equal calls once; `x-kaname-attempts` and `x-kaname-timeout-ms` bound the tries
/// of each target and the whole call. Headers of the answer, also of an error: `x-kaname-provider`,
/// `x-kaname-model`, `x-kaname-attempts`, `x-kaname-cache`, and those of limits.
#[utoipa::path(tag = "gateway", security(("api_key" = [])),
    request_body(content = serde_json::Value, description = "As OpenAI's API has it; unknown fields pass"),
    responses((status = OK, description = "The provider's answer", body = serde_json::Value),
        (status = BAD_GATEWAY, description = "The provider could not be reached or broke off"),
        (status = GATEWAY_TIMEOUT, description = "The provider did not answer in time")))]
#[post("/v1/chat/completions")]
pub(super) async fn complete(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    let answer = gateway
        .chat(&granted.actor, Dialect::OpenAiChat, &headers, body)
        .await?;
    Ok(passed::response(answer))
}
