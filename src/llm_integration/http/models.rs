//! `GET /v1/models`, as OpenAI's SDKs call it, and as Anthropic's do.

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::passed;
use crate::{
    kernel::Failure,
    llm_integration::{Answer, AnswerBody, Gateway, dialects::models_for_anthropic},
    platform::http::{Granted, may},
};

/// Only clients of Anthropic's API send it.
const ANTHROPIC_VERSION: &str = "anthropic-version";

/// The models of every configured provider.
#[utoipa::path(tag = "gateway", security(("api_key" = [])),
    responses((status = OK, description = "In OpenAI's form; with `anthropic-version`, in Anthropic's", body = serde_json::Value)))]
#[get("/v1/models")]
pub(super) async fn list(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    let answer = gateway.models(&granted.actor, &headers).await?;
    Ok(passed::response(in_form_of(&request, answer)))
}

/// One model, from the provider that would be called for it.
#[utoipa::path(tag = "gateway", security(("api_key" = [])), params(("model" = String, Path)),
    responses((status = OK, description = "In OpenAI's form; with `anthropic-version`, in Anthropic's", body = serde_json::Value)))]
#[get("/v1/models/{model:.*}")]
pub(super) async fn get(
    granted: Granted<may::GatewayCall>,
    gateway: web::Data<Gateway>,
    request: HttpRequest,
    model: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let headers = passed::caller_headers(&request);
    let answer = gateway.model(&granted.actor, &headers, &model).await?;
    Ok(passed::response(in_form_of(&request, answer)))
}

/// Clients of Anthropic's API say so, at the one path that both vendors have.
fn in_form_of(request: &HttpRequest, answer: Answer) -> Answer {
    if !request.headers().contains_key(ANTHROPIC_VERSION) || answer.status != 200 {
        return answer;
    }
    let body = match answer.body {
        AnswerBody::Whole(body) => AnswerBody::Whole(models_for_anthropic(&body).unwrap_or(body)),
        stream @ AnswerBody::Stream(_) => stream,
    };
    Answer { body, ..answer }
}
