//! The endpoints.

use actix_web::{
    HttpResponse, Responder, delete, get, http::header::ContentType, patch, post, web,
};

use super::{
    bodies::{LangfusePrompt, LangfusePromptList, LangfusePromptMeta},
    requests::{
        DeleteQuery, LangfuseCreatePrompt, LangfuseUpdatePrompt, ListQuery, ListRequest,
        PromptQuery,
    },
};
use crate::{
    interop::langfuse::paging::LangfusePageMeta,
    kernel::Failure,
    platform::http::{Endpoints, Granted, may},
    prompt::{PromptName, Prompts, VersionNumber, parse_labels},
};

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(create_prompt)
        .service(list_prompts)
        .service(get_prompt)
        .service(delete_prompt)
        .service(update_prompt_version);
}

/// Publishes the next version of a prompt.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), request_body = LangfuseCreatePrompt,
    responses((status = OK, body = LangfusePrompt)))]
#[post("/api/public/v2/prompts")]
async fn create_prompt(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    body: web::Json<LangfuseCreatePrompt>,
) -> Result<impl Responder, Failure> {
    let published = prompts
        .publish(&granted.actor, body.into_inner().parse()?)
        .await?;
    Ok(web::Json(LangfusePrompt::from(&published)))
}

/// Prompts with their versions and labels.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(ListQuery),
    responses((status = OK, body = LangfusePromptList)))]
#[get("/api/public/v2/prompts")]
async fn list_prompts(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    query: web::Query<ListQuery>,
) -> Result<impl Responder, Failure> {
    let ListRequest {
        filter,
        page,
        limit,
    } = query.into_inner().parse()?;
    let offset = (i64::from(page) - 1) * i64::from(limit.get());
    let (found, total) = prompts
        .matching_versions(&granted.actor, filter, offset, limit)
        .await?;
    let data = found.into_iter().map(LangfusePromptMeta::from).collect();
    Ok(web::Json(LangfusePromptList {
        data,
        meta: LangfusePageMeta::new(page, limit, total.unsigned_abs()),
    }))
}

/// One version of a prompt: the one labelled `production` unless another is asked for.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("name" = String, Path), PromptQuery), responses((status = OK, body = LangfusePrompt)))]
#[get("/api/public/v2/prompts/{name}")]
async fn get_prompt(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    query: web::Query<PromptQuery>,
) -> Result<impl Responder, Failure> {
    let (name, selector) = (PromptName::parse(&name)?, query.selector()?);
    let body = if query.resolve.unwrap_or(true) {
        prompts
            .fetch(&granted.actor, &name, &selector)
            .await?
            .foreign_body(LangfusePrompt::render)
    } else {
        LangfusePrompt::render(&prompts.get(&granted.actor, name, selector).await?)
    };
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(body))
}

/// Deletes a version, or the whole prompt when neither version nor label is given.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("name" = String, Path), DeleteQuery), responses((status = NO_CONTENT)))]
#[delete("/api/public/v2/prompts/{name}")]
async fn delete_prompt(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    query: web::Query<DeleteQuery>,
) -> Result<impl Responder, Failure> {
    let (name, selector) = (PromptName::parse(&name)?, query.parse()?);
    prompts.delete(&granted.actor, name, selector).await?;
    Ok(HttpResponse::NoContent())
}

/// Adds labels to a version; the versions that had them lose them.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("name" = String, Path), ("version" = i32, Path)), request_body = LangfuseUpdatePrompt,
    responses((status = OK, body = LangfusePrompt)))]
#[patch("/api/public/v2/prompts/{name}/versions/{version}")]
async fn update_prompt_version(
    granted: Granted<may::PromptsWrite>,
    prompts: web::Data<Prompts>,
    path: web::Path<(String, i32)>,
    body: web::Json<LangfuseUpdatePrompt>,
) -> Result<impl Responder, Failure> {
    let (name, version) = (PromptName::parse(&path.0)?, VersionNumber::parse(path.1)?);
    let labels = parse_labels(body.new_labels.iter().map(String::as_str))?;
    let labelled = prompts
        .move_labels(&granted.actor, name, version, labels)
        .await?;
    Ok(web::Json(LangfusePrompt::from(&labelled)))
}
