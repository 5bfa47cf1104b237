//! Moving labels, and protecting them.

use actix_web::{HttpResponse, Responder, delete, get, put, web};

use super::{
    bodies::{PromptVersionBody, ProtectedLabelBody},
    requests::MoveLabel,
};
use crate::{
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may},
    prompt::{Label, PromptName, Prompts, VersionNumber},
};

/// Points a label at a version; the version that had it loses it.
#[utoipa::path(tag = "prompts", security(("api_key" = [])),
    params(("name" = String, Path), ("label" = String, Path)), request_body = MoveLabel, responses(
        (status = OK, body = PromptVersionBody), (status = NOT_FOUND, body = ErrorBody),
        (status = FORBIDDEN, body = ErrorBody, description = "The label is protected"),
    ))]
#[put("/api/v1/prompts/{name}/labels/{label}")]
pub(super) async fn move_label(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    path: web::Path<(String, String)>,
    body: web::Json<MoveLabel>,
) -> Result<impl Responder, Failure> {
    let (name, label) = (PromptName::parse(&path.0)?, Label::parse_settable(&path.1)?);
    let version = VersionNumber::parse(body.version)?;
    let labelled = prompts
        .move_labels(&granted.actor, name, version, vec![label])
        .await?;
    Ok(web::Json(PromptVersionBody::from(&labelled)))
}

/// Takes a label away from a prompt.
#[utoipa::path(tag = "prompts", security(("api_key" = [])),
    params(("name" = String, Path), ("label" = String, Path)), responses(
        (status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody),
        (status = FORBIDDEN, body = ErrorBody, description = "The label is protected"),
        (status = CONFLICT, body = ErrorBody, description = "Other prompts refer to it"),
    ))]
#[delete("/api/v1/prompts/{name}/labels/{label}")]
pub(super) async fn remove_label(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    path: web::Path<(String, String)>,
) -> Result<impl Responder, Failure> {
    let (name, label) = (PromptName::parse(&path.0)?, Label::parse_settable(&path.1)?);
    prompts.remove_label(&granted.actor, name, label).await?;
    Ok(HttpResponse::NoContent())
}

/// The labels of this project that only keys with `prompts:protect` can move.
#[utoipa::path(tag = "prompts", security(("api_key" = [])),
    responses((status = OK, body = Vec<ProtectedLabelBody>)))]
#[get("/api/v1/prompt-labels/protected")]
pub(super) async fn protected_labels(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
) -> Result<impl Responder, Failure> {
    let labels = prompts.protected_labels(&granted.actor).await?;
    Ok(web::Json(
        labels
            .into_iter()
            .map(ProtectedLabelBody::from)
            .collect::<Vec<_>>(),
    ))
}

/// Protects a label in every prompt of the project.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(("label" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = ErrorBody)))]
#[put("/api/v1/prompt-labels/protected/{label}")]
pub(super) async fn protect(
    granted: Granted<may::PromptsProtect>,
    prompts: web::Data<Prompts>,
    label: web::Path<String>,
) -> Result<impl Responder, Failure> {
    prompts
        .protect(&granted.actor, Label::parse_settable(&label)?)
        .await?;
    Ok(HttpResponse::NoContent())
}

/// Lets every key that can write prompts move the label again.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(("label" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = ErrorBody)))]
#[delete("/api/v1/prompt-labels/protected/{label}")]
pub(super) async fn unprotect(
    granted: Granted<may::PromptsProtect>,
    prompts: web::Data<Prompts>,
    label: web::Path<String>,
) -> Result<impl Responder, Failure> {
    prompts
        .unprotect(&granted.actor, Label::parse_settable(&label)?)
        .await?;
    Ok(HttpResponse::NoContent())
}
