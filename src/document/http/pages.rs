//! The pages of a version as they were read.

use actix_web::{Responder, get, web};

use super::{
    bodies::{DocumentPageBody, DocumentPageSummaryBody, DocumentPagesBody},
    requests::PageQuery,
};
use crate::{
    document::{Documents, VersionNumber},
    kernel::{Failure, PageLimit},
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// The pages of a version that are read so far, without what they say.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("number" = i32, Path), PageQuery),
    responses((status = OK, body = DocumentPagesBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/pages")]
pub async fn list_pages(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String, i32)>,
    query: web::Query<PageQuery>,
) -> Result<impl Responder, Failure> {
    let (id, number) = (path_id("document", &path.1)?, VersionNumber::parse(path.2)?);
    let PageQuery { limit, cursor } = query.into_inner();
    let after: Option<i32> = cursor.map(|cursor| cursor.position()).transpose()?;
    let page = documents
        .pages(
            &granted.actor,
            (id, number),
            after.unwrap_or(0),
            PageLimit::parse(limit)?,
        )
        .await?
        .map(DocumentPageSummaryBody::from);
    Ok(web::Json(DocumentPagesBody {
        items: page.items,
        next: page.next,
    }))
}

/// A page: its text, its blocks, and where each stands on it.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("number" = i32, Path),
        ("page" = i32, Path)),
    responses((status = OK, body = DocumentPageBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/pages/{page}")]
pub async fn get_page(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String, i32, i32)>,
) -> Result<impl Responder, Failure> {
    let (id, number) = (path_id("document", &path.1)?, VersionNumber::parse(path.2)?);
    let page = documents.page(&granted.actor, (id, number), path.3).await?;
    Ok(web::Json(DocumentPageBody::from(page)))
}
