//! `POST /v1/responses`, as OpenAI's SDKs call it.

use actix_web::{HttpRequest, HttpResponse, post, web};

use super::passed;
use crate::{
    kernel::Failure,
    llm_integration::{Gateway, dialects::Dialect},
    platform::http::{Granted, may},
};

/// Answers with a response of the model that the body names.
///
/// A body for one of OpenAI's models goes to OpenAI as it is. For any other model it is translated, and
/// so is the answer; no other provider keeps responses, so `previous_response_id`, `conversation`,
/// `store: true`, `background` and tools that OpenAI runs are refused by name, or left out where
/// `x-kaname-drop-params: true` asks for it. Traced like `POST /v1/chat/completions`.
#[utoipa::path(tag = "gateway", security(("api_key" = [])),
    request_body(content = serde_json::Value, description = "As OpenAI's API has it; unknown fields pass"),
    responses((status = OK, description = "A response, in OpenAI's form", body = serde_json::Value),
        (status = BAD_GATEWAY, description = "The provider could not be reached or broke off"),
        (status = GATEWAY_TIMEOUT, description = "The provider did not answer in time")))]
#[post("/v1/responses")]
pub(super) async fn create(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    let answer = gateway
        .chat(&granted.actor, Dialect::OpenAiResponses, &headers, body)
        .await?;
    Ok(passed::response(answer))
}
