//! `/v1/responses`, as OpenAI's SDKs call it.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use reqwest::Method;

use super::passed;
use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::{Gateway, dialects::Dialect},
    platform::http::{Granted, may},
};

/// Of the id of a stored response.
const MAX_ID_BYTES: usize = 128;

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

/// A response that a provider keeps.
///
/// Whoever shares the provider's account shares what it keeps: responses are found by their id alone.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, description = "In OpenAI's form", body = serde_json::Value)))]
#[get("/v1/responses/{id}")]
pub(super) async fn get(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    stored(&granted, &gateway, &request, Method::GET, &id, "").await
}

/// The input of a response that a provider keeps.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, description = "In OpenAI's form", body = serde_json::Value)))]
#[get("/v1/responses/{id}/input_items")]
pub(super) async fn input_items(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    stored(
        &granted,
        &gateway,
        &request,
        Method::GET,
        &id,
        "/input_items",
    )
    .await
}

/// Stops a response that is made in the background.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, description = "In OpenAI's form", body = serde_json::Value)))]
#[post("/v1/responses/{id}/cancel")]
pub(super) async fn cancel(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    stored(&granted, &gateway, &request, Method::POST, &id, "/cancel").await
}

/// Deletes a response that a provider keeps.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, description = "In OpenAI's form", body = serde_json::Value)))]
#[delete("/v1/responses/{id}")]
pub(super) async fn delete(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    stored(&granted, &gateway, &request, Method::DELETE, &id, "").await
}

async fn stored(
    granted: &Granted<may::GatewayCall>,
    gateway: &Gateway,
    request: &HttpRequest,
    method: Method,
    id: &str,
    below: &str,
) -> Result<HttpResponse, Failure> {
    let path = format!("{}{below}", checked(id)?);
    let headers = passed::caller_headers(request);
    let answer = gateway
        .stored_response(&granted.actor, method, &path, &headers)
        .await?;
    Ok(passed::response(answer))
}

/// An id becomes part of a provider's address: nothing in it may lead elsewhere.
fn checked(id: &str) -> Result<&str, Failure> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.len() <= MAX_ID_BYTES && id.bytes().all(is_plain) {
        return Ok(id);
    }
    Err(Failure::new(
        ErrorCode::NotFound,
        format!(
            "no response has such an id: it has 1 to {MAX_ID_BYTES} letters, digits, `_` and `-`"
        ),
    ))
}
