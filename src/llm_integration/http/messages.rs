//! `POST /v1/messages` and `/v1/messages/count_tokens`, as Anthropic's SDKs call them.

use actix_web::{HttpRequest, HttpResponse, post, web};

use super::passed;
use crate::{
    kernel::Failure,
    llm_integration::{Gateway, dialects::Dialect},
    platform::http::{Granted, may},
};

/// Answers a message with the model that the body names.
///
/// A body for one of Anthropic's models goes to Anthropic as it is. For any other model it is
/// translated, and so is the answer; a field that the model's provider has no word for is refused by
/// name, or left out where `x-kaname-drop-params: true` asks for it. Traced like
/// `POST /v1/chat/completions`.
#[utoipa::path(tag = "gateway", security(("api_key" = [])),
    request_body(content = serde_json::Value, description = "As Anthropic's API has it; unknown fields pass"),
    responses((status = OK, description = "A message, in Anthropic's form", body = serde_json::Value),
        (status = BAD_GATEWAY, description = "The provider could not be reached or broke off"),
        (status = GATEWAY_TIMEOUT, description = "The provider did not answer in time")))]
#[post("/v1/messages")]
pub(super) async fn create(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    let answer = gateway
        .chat(&granted.actor, Dialect::Anthropic, &headers, body)
        .await?;
    Ok(passed::response(answer))
}

/// How many tokens the input of a message has.
///
/// Anthropic counts for its own models; for others it is an estimate, which the header
/// `x-kaname-estimated` says.
#[utoipa::path(tag = "gateway", security(("api_key" = [])),
    request_body(content = serde_json::Value, description = "As Anthropic's API has it"),
    responses((status = OK, description = "`input_tokens`", body = serde_json::Value)))]
#[post("/v1/messages/count_tokens")]
pub(super) async fn count_tokens(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    let answer = gateway
        .count_tokens(&granted.actor, Dialect::Anthropic, &headers, body)
        .await?;
    Ok(passed::response(answer))
}
