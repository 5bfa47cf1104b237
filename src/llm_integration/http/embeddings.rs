//! `POST /v1/embeddings`, as OpenAI's SDKs call it.

use actix_web::{HttpRequest, HttpResponse, post, web};

use super::passed;
use crate::{
    kernel::Failure,
    llm_integration::Gateway,
    platform::http::{Granted, may},
};

/// Embeds a text, several, or lists of tokens, with the model that the body names.
///
/// Embeddings come as numbers or as base64, whichever is asked for and whatever the provider gives. The
/// call is traced and linked as a chat completion is.
#[utoipa::path(tag = "gateway", security(("api_key" = [])),
    request_body(content = serde_json::Value, description = "As OpenAI's API has it; unknown fields pass"),
    responses((status = OK, description = "In OpenAI's form", body = serde_json::Value),
        (status = BAD_GATEWAY, description = "The provider could not be reached or broke off"),
        (status = GATEWAY_TIMEOUT, description = "The provider did not answer in time")))]
#[post("/v1/embeddings")]
pub(super) async fn create(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    let answer = gateway.embed(&granted.actor, &headers, body).await?;
    Ok(passed::response(answer))
}
