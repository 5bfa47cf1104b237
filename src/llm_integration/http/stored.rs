//! `/v1/responses/{id}`: what OpenAI keeps of responses, passed on as it is.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use reqwest::Method;

use super::passed;
use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::Gateway,
    platform::http::{Granted, may},
};

const MAX_ID_CHARS: usize = 200;

/// An id that can stand in a path.
fn checked(id: &str) -> Result<&str, Failure> {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if (1..=MAX_ID_CHARS).contains(&id.len()) && id.chars().all(known) {
        return Ok(id);
    }
    let what = format!("there is no response `{id}`");
    Err(Failure::new(ErrorCode::NotFound, what))
}

async fn pass(
    granted: &Granted<may::GatewayCall>,
    gateway: &Gateway,
    request: &HttpRequest,
    (method, id, below): (Method, &str, &str),
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(request);
    let below = match request.query_string() {
        "" => below.to_owned(),
        query => format!("{below}?{query}"),
    };
    let of = (checked(id)?, below.as_str());
    let answer = gateway.stored_response(&granted.actor, method, of, &headers);
    Ok(passed::response(answer.await?))
}

/// A response that the project got and its provider keeps. `x-kaname-provider` names a provider of the
/// project's own for a response that was not made here.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("response_id" = String, Path)),
    responses((status = OK, description = "The provider's answer", body = serde_json::Value)))]
#[get("/v1/responses/{response_id}")]
pub(super) async fn get(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    pass(&granted, &gateway, &request, (Method::GET, &id, "")).await
}

/// Deletes a response that the provider keeps.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("response_id" = String, Path)),
    responses((status = OK, description = "The provider's answer", body = serde_json::Value)))]
#[delete("/v1/responses/{response_id}")]
pub(super) async fn delete(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    pass(&granted, &gateway, &request, (Method::DELETE, &id, "")).await
}

/// Cancels a response that is made in the background.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("response_id" = String, Path)),
    responses((status = OK, description = "The provider's answer", body = serde_json::Value)))]
#[post("/v1/responses/{response_id}/cancel")]
pub(super) async fn cancel(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let of = (Method::POST, id.as_str(), "/cancel");
    pass(&granted, &gateway, &request, of).await
}

/// What went into a response.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("response_id" = String, Path)),
    responses((status = OK, description = "The provider's answer", body = serde_json::Value)))]
#[get("/v1/responses/{response_id}/input_items")]
pub(super) async fn input_items(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let of = (Method::GET, id.as_str(), "/input_items");
    pass(&granted, &gateway, &request, of).await
}
