//! Searching.

use actix_web::{Responder, get, post, web};

use super::{
    bodies::FoundBody,
    requests::{SearchDocuments, SearchQuery},
};
use crate::{
    document::search::SearchIndex,
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may},
};

/// The chunks of the project's documents that answer a query best.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path)),
    request_body = SearchDocuments,
    responses((status = OK, body = FoundBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/projects/{project_id}/search")]
pub async fn search_documents(
    granted: Granted<may::DocumentsRead>,
    search: web::Data<SearchIndex>,
    body: web::Json<SearchDocuments>,
) -> Result<impl Responder, Failure> {
    let request = body.into_inner().parse()?;
    let found = search.search(&granted.actor, request).await?;
    Ok(web::Json(FoundBody::from(found)))
}

/// The same for what fits into a query string.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path), SearchQuery),
    responses((status = OK, body = FoundBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/search")]
pub async fn query_documents(
    granted: Granted<may::DocumentsRead>,
    search: web::Data<SearchIndex>,
    query: web::Query<SearchQuery>,
) -> Result<impl Responder, Failure> {
    let request = query.into_inner().parse()?;
    let found = search.search(&granted.actor, request).await?;
    Ok(web::Json(FoundBody::from(found)))
}
