//! Changing prompts: publish, revert, tag, archive, delete.

use actix_web::{HttpResponse, Responder, delete, http::StatusCode, post, put, web};

use super::{
    bodies::{PromptBody, PromptVersionBody},
    requests::{DeleteQuery, PublishPrompt, RevertPrompt, SetTags},
};
use crate::{
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may},
    prompt::{PromptName, Prompts, Tags},
};

/// Publishes the next version of a prompt, the first if there is none.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), request_body = PublishPrompt, responses(
    (status = CREATED, body = PromptVersionBody), (status = BAD_REQUEST, body = ErrorBody),
    (status = CONFLICT, body = ErrorBody, description = "The prompt is archived"),
    (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "A reference does not resolve"),
))]
#[post("/api/v1/prompts")]
pub(super) async fn publish(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    body: web::Json<PublishPrompt>,
) -> Result<impl Responder, Failure> {
    let published = prompts
        .publish(&granted.actor, body.into_inner().parse()?)
        .await?;
    Ok(web::Json(PromptVersionBody::from(&published))
        .customize()
        .with_status(StatusCode::CREATED))
}

/// Publishes an older version's content and config again, as the next version.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(("name" = String, Path)),
    request_body = RevertPrompt, responses(
        (status = CREATED, body = PromptVersionBody), (status = NOT_FOUND, body = ErrorBody),
    ))]
#[post("/api/v1/prompts/{name}/revert")]
pub(super) async fn revert(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    body: web::Json<RevertPrompt>,
) -> Result<impl Responder, Failure> {
    let name = PromptName::parse(&name)?;
    let (to, commit_message, labels) = body.into_inner().parse()?;
    let reverted = prompts
        .revert(&granted.actor, name, to, commit_message, labels)
        .await?;
    Ok(web::Json(PromptVersionBody::from(&reverted))
        .customize()
        .with_status(StatusCode::CREATED))
}

/// Replaces a prompt's tags, which are those of all its versions.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(("name" = String, Path)),
    request_body = SetTags,
    responses((status = OK, body = PromptBody), (status = NOT_FOUND, body = ErrorBody)))]
#[put("/api/v1/prompts/{name}/tags")]
pub(super) async fn set_tags(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    body: web::Json<SetTags>,
) -> Result<impl Responder, Failure> {
    let (name, tags) = (
        PromptName::parse(&name)?,
        Tags::parse(body.into_inner().tags)?,
    );
    let tagged = prompts.set_tags(&granted.actor, name, tags).await?;
    Ok(web::Json(PromptBody::from(tagged)))
}

/// Hides a prompt from lists and makes it read-only. It is still served.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(("name" = String, Path)),
    responses((status = OK, body = PromptBody), (status = NOT_FOUND, body = ErrorBody)))]
#[post("/api/v1/prompts/{name}/archive")]
pub(super) async fn archive(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let archived = prompts
        .archive(&granted.actor, PromptName::parse(&name)?)
        .await?;
    Ok(web::Json(PromptBody::from(archived)))
}

/// Takes a prompt out of the archive.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(("name" = String, Path)),
    responses((status = OK, body = PromptBody), (status = NOT_FOUND, body = ErrorBody)))]
#[post("/api/v1/prompts/{name}/restore")]
pub(super) async fn restore(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let restored = prompts
        .restore(&granted.actor, PromptName::parse(&name)?)
        .await?;
    Ok(web::Json(PromptBody::from(restored)))
}

/// Deletes a version, or the whole prompt when neither version nor label is given.
#[utoipa::path(tag = "prompts", security(("api_key" = [])),
    params(("name" = String, Path), DeleteQuery), responses(
        (status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody, description = "Other prompts refer to it"),
    ))]
#[delete("/api/v1/prompts/{name}")]
pub(super) async fn delete(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    query: web::Query<DeleteQuery>,
) -> Result<impl Responder, Failure> {
    let (name, selector) = (PromptName::parse(&name)?, query.parse()?);
    prompts.delete(&granted.actor, name, selector).await?;
    Ok(HttpResponse::NoContent())
}
