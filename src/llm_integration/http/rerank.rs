//! `POST /v1/rerank`, as clients of Cohere and Jina call it.

use actix_web::{HttpRequest, HttpResponse, post, web};

use super::passed;
use crate::{
    kernel::Failure,
    llm_integration::Gateway,
    platform::http::{Granted, may},
};

/// Puts documents in the order in which they answer a query, with the model that the body names.
///
/// `documents` are texts, or objects with a `text`; `top_n` bounds the answer, `return_documents` repeats each in it. The
/// model is one of this server's (`local/...`), or of a server that speaks the same. The call is traced and linked as a chat
/// completion is.
#[utoipa::path(tag = "gateway", security(("api_key" = [])),
    request_body(content = serde_json::Value, description = "`model`, `query`, `documents`; unknown fields pass"),
    responses((status = OK, description = "`results` with `index`, `relevance_score` and `document`", body = serde_json::Value),
        (status = BAD_GATEWAY, description = "The provider could not be reached or broke off"),
        (status = GATEWAY_TIMEOUT, description = "The provider did not answer in time")))]
#[post("/v1/rerank")]
pub(super) async fn create(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    let answer = gateway.rerank(&granted.actor, &headers, body).await?;
    Ok(passed::response(answer))
}
