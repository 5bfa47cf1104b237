//! Reading: prompts, their history, what changed, what they become with values.

use actix_web::{HttpResponse, Responder, get, http::header::ContentType, post, web};

use super::{
    bodies::{
        CompiledPromptBody, PromptBody, PromptCatalogBody, PromptFolderBody, PromptFoldersBody,
        PromptHistoryBody, PromptUsageBody, PromptVersionBody, PromptVersionsBody,
    },
    requests::{
        CatalogQuery, CompilePrompt, DiffQuery, FoldersQuery, SelectorQuery, VersionsQuery,
    },
};
use crate::{
    kernel::{Failure, PageLimit},
    platform::http::{ErrorBody, Granted, may},
    prompt::{Diff, PromptName, Prompts},
};

/// Prompts in the order of their names.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(CatalogQuery),
    responses((status = OK, body = PromptCatalogBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/prompts")]
pub(super) async fn catalog(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    query: web::Query<CatalogQuery>,
) -> Result<impl Responder, Failure> {
    let (filter, after, limit) = query.into_inner().parse()?;
    let page = prompts
        .catalog(&granted.actor, filter, after, limit)
        .await?;
    let page = page.map(PromptBody::from);
    Ok(web::Json(PromptCatalogBody {
        items: page.items,
        next: page.next,
    }))
}

/// One version, its references replaced: the one labelled `production` unless another is asked for.
#[utoipa::path(tag = "prompts", security(("api_key" = [])),
    params(("name" = String, Path), SelectorQuery), responses(
        (status = OK, body = PromptVersionBody), (status = NOT_FOUND, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "A reference does not resolve"),
    ))]
#[get("/api/v1/prompts/{name}")]
pub(super) async fn get(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    query: web::Query<SelectorQuery>,
) -> Result<impl Responder, Failure> {
    let (name, selector) = (PromptName::parse(&name)?, query.selector()?);
    let body = if query.resolves() {
        prompts
            .fetch(&granted.actor, &name, &selector)
            .await?
            .own_body(PromptVersionBody::render)
    } else {
        PromptVersionBody::render(&prompts.get(&granted.actor, name, selector).await?)
    };
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(body))
}

/// A prompt's history, the newest version first.
#[utoipa::path(tag = "prompts", security(("api_key" = [])),
    params(("name" = String, Path), VersionsQuery),
    responses((status = OK, body = PromptVersionsBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/prompts/{name}/versions")]
pub(super) async fn versions(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    query: web::Query<VersionsQuery>,
) -> Result<impl Responder, Failure> {
    let name = PromptName::parse(&name)?;
    let (before, limit) = query.into_inner().parse()?;
    let (prompt, page) = prompts
        .versions(&granted.actor, name, before, limit)
        .await?;
    let page = page.map(|version| PromptHistoryBody::of(&prompt, version));
    Ok(web::Json(PromptVersionsBody {
        items: page.items,
        next: page.next,
    }))
}

/// What leads from one version to another, message by message and line by line.
#[utoipa::path(tag = "prompts", security(("api_key" = [])),
    params(("name" = String, Path), DiffQuery),
    responses((status = OK, body = Diff), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/prompts/{name}/diff")]
pub(super) async fn diff(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    query: web::Query<DiffQuery>,
) -> Result<impl Responder, Failure> {
    let (name, (from, to)) = (PromptName::parse(&name)?, query.parse()?);
    Ok(web::Json(
        prompts.diff(&granted.actor, name, from, to).await?,
    ))
}

/// A version filled with values, ready for a model.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(("name" = String, Path)),
    request_body = CompilePrompt, responses(
        (status = OK, body = CompiledPromptBody), (status = NOT_FOUND, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "Values are missing"),
    ))]
#[post("/api/v1/prompts/{name}/compile")]
pub(super) async fn compile(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
    body: web::Json<CompilePrompt>,
) -> Result<impl Responder, Failure> {
    let name = PromptName::parse(&name)?;
    let (selector, values, missing) = body.into_inner().parse()?;
    let (served, compiled) = prompts
        .compile(&granted.actor, &name, &selector, &values, missing)
        .await?;
    Ok(web::Json(CompiledPromptBody::of(
        &served.snapshot,
        compiled,
    )))
}

/// How often each version was fetched, for the newest versions.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(("name" = String, Path)),
    responses((status = OK, body = Vec<PromptUsageBody>), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/prompts/{name}/usage")]
pub(super) async fn usage(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    name: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let limit = PageLimit::parse(None)?;
    let usage = prompts
        .usage(&granted.actor, PromptName::parse(&name)?, limit)
        .await?;
    Ok(web::Json(
        usage
            .into_iter()
            .map(PromptUsageBody::from)
            .collect::<Vec<_>>(),
    ))
}

/// The folders directly inside a folder, alphabetical.
#[utoipa::path(tag = "prompts", security(("api_key" = [])), params(FoldersQuery),
    responses((status = OK, body = PromptFoldersBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/prompt-folders")]
pub(super) async fn folders(
    granted: Granted<may::PromptsRead>,
    prompts: web::Data<Prompts>,
    query: web::Query<FoldersQuery>,
) -> Result<impl Responder, Failure> {
    let (parent, after, limit) = query.into_inner().parse()?;
    let page = prompts
        .folders(&granted.actor, parent, after, limit)
        .await?;
    let page = page.map(PromptFolderBody::from);
    Ok(web::Json(PromptFoldersBody {
        items: page.items,
        next: page.next,
    }))
}
