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
    (method, path): (Method, String),
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(request);
    let path = match request.query_string() {
        "" => path,
        query => format!("{path}?{query}"),
    };
    let answer = gateway.stored_response(&granted.actor, method, &path, &headers);
    Ok(passed::response(answer.await?))
}

/// A response that the provider keeps; `x-kaname-provider` names which one.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("response_id" = String, Path)),
    responses((status = OK, description = "The provider's answer", body = serde_json::Value)))]
#[get("/v1/responses/{response_id}")]
pub(super) async fn get(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let path = checked(&id)?.to_owned();
    pass(&granted, &gateway, &request, (Method::GET, path)).await
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
    let path = checked(&id)?.to_owned();
    pass(&granted, &gateway, &request, (Method::DELETE, path)).await
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
    let path = format!("{}/cancel", checked(&id)?);
    pass(&granted, &gateway, &request, (Method::POST, path)).await
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
    let path = format!("{}/input_items", checked(&id)?);
    pass(&granted, &gateway, &request, (Method::GET, path)).await
}
