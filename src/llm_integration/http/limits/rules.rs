//! `/api/v1/limits`: what a project's calls may use.

use actix_web::{HttpResponse, Responder, delete, get, http::StatusCode, post, put, web};

use super::bodies::{
    LimitListBody, LimitRuleBody, LimitUsageListBody, NewAmountBody, NewLimitBody, UsageQuery,
};
use crate::{
    kernel::Failure,
    llm_integration::Limits,
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// The limits that the project has set, oldest first.
#[utoipa::path(tag = "limits", security(("api_key" = [])), responses((status = OK, body = LimitListBody)))]
#[get("/api/v1/limits")]
pub(in crate::llm_integration::http) async fn list(
    granted: Granted<may::ProjectRead>,
    limits: web::Data<Limits>,
) -> Result<impl Responder, Failure> {
    let rules = limits.list(&granted.actor).await?;
    Ok(web::Json(LimitListBody {
        items: rules.into_iter().map(Into::into).collect(),
    }))
}

/// Sets a limit of requests, tokens or money, for the project, a key, a user, a tag or a model, or
/// for each of them.
///
/// It counts calls that begin later, on every replica within 5 seconds. A call that would go beyond
/// it gets 429 in the form of its API, with `retry-after`. Tokens and money are held back before a
/// call, by the size of its body and the output it asks for, and settled after it.
#[utoipa::path(tag = "limits", security(("api_key" = [])), request_body = NewLimitBody,
    responses((status = CREATED, body = LimitRuleBody), (status = BAD_REQUEST, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody)))]
#[post("/api/v1/limits")]
pub(in crate::llm_integration::http) async fn create(
    granted: Granted<may::LimitsManage>,
    limits: web::Data<Limits>,
    body: web::Json<NewLimitBody>,
) -> Result<impl Responder, Failure> {
    let (subject, limit) = body.into_inner().parse()?;
    let rule = limits.create(&granted.actor, subject, limit).await?;
    Ok(web::Json(LimitRuleBody::from(rule))
        .customize()
        .with_status(StatusCode::CREATED))
}

/// How much of each limit is used in the window that runs.
#[utoipa::path(tag = "limits", security(("api_key" = [])), params(UsageQuery),
    responses((status = OK, body = LimitUsageListBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/limits/usage")]
pub(in crate::llm_integration::http) async fn usage(
    granted: Granted<may::ProjectRead>,
    limits: web::Data<Limits>,
    query: web::Query<UsageQuery>,
) -> Result<impl Responder, Failure> {
    let subject = query.into_inner().parse()?;
    let usages = limits.usage(&granted.actor, subject).await?;
    Ok(web::Json(LimitUsageListBody {
        items: usages.into_iter().map(Into::into).collect(),
    }))
}

/// One limit.
#[utoipa::path(tag = "limits", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, body = LimitRuleBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/limits/{id}")]
pub(in crate::llm_integration::http) async fn get(
    granted: Granted<may::ProjectRead>,
    limits: web::Data<Limits>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let rule = limits.get(&granted.actor, path_id("limit", &id)?).await?;
    Ok(web::Json(LimitRuleBody::from(rule)))
}

/// Changes a limit's amount; what was used so far counts.
#[utoipa::path(tag = "limits", security(("api_key" = [])), params(("id" = String, Path)),
    request_body = NewAmountBody,
    responses((status = OK, body = LimitRuleBody), (status = NOT_FOUND, body = ErrorBody)))]
#[put("/api/v1/limits/{id}")]
pub(in crate::llm_integration::http) async fn put(
    granted: Granted<may::LimitsManage>,
    limits: web::Data<Limits>,
    id: web::Path<String>,
    body: web::Json<NewAmountBody>,
) -> Result<impl Responder, Failure> {
    let id = path_id("limit", &id)?;
    let parse = |measure| body.amount.parse(measure);
    let rule = limits.set_amount(&granted.actor, id, parse).await?;
    Ok(web::Json(LimitRuleBody::from(rule)))
}

/// Removes a limit.
#[utoipa::path(tag = "limits", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/limits/{id}")]
pub(in crate::llm_integration::http) async fn delete(
    granted: Granted<may::LimitsManage>,
    limits: web::Data<Limits>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    limits
        .delete(&granted.actor, path_id("limit", &id)?)
        .await?;
    Ok(HttpResponse::NoContent())
}
