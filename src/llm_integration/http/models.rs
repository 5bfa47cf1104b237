//! `GET /v1/models`, as OpenAI's SDKs call it.

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::passed;
use crate::{
    kernel::Failure,
    llm_integration::Gateway,
    platform::http::{Granted, may},
};

/// The models of every configured provider.
#[utoipa::path(tag = "gateway", security(("api_key" = [])),
    responses((status = OK, description = "In OpenAI's form", body = serde_json::Value)))]
#[get("/v1/models")]
pub(super) async fn list(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    Ok(passed::response(
        gateway.models(&granted.actor, &headers).await?,
    ))
}

/// One model, from the provider that would be called for it.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("model" = String, Path)),
    responses((status = OK, description = "In OpenAI's form", body = serde_json::Value)))]
#[get("/v1/models/{model:.*}")]
pub(super) async fn get(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    model: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    Ok(passed::response(
        gateway.model(&granted.actor, &headers, &model).await?,
    ))
}
