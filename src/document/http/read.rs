//! Finding documents and their versions.

use actix_web::{Responder, get, web};

use super::{
    bodies::{
        DocumentBody, DocumentVersionBody, DocumentVersionDetailsBody, DocumentVersionsBody,
        DocumentsBody,
    },
    requests::{ListDocuments, ListRequest, PageQuery},
};
use crate::{
    document::{Documents, VersionNumber},
    kernel::{Failure, PageLimit},
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// The project's documents that match, each with its latest version.
#[utoipa::path(tag = "documents", security(("api_key" = [])), params(("project_id" = String, Path), ListDocuments),
    responses((status = OK, body = DocumentsBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents")]
pub async fn list_documents(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    query: web::Query<ListDocuments>,
) -> Result<impl Responder, Failure> {
    let ListRequest {
        filter,
        order,
        cursor,
        limit,
    } = query.into_inner().parse()?;
    let page = documents
        .catalog(&granted.actor, filter, order, (cursor, limit))
        .await?
        .map(DocumentBody::from);
    Ok(web::Json(DocumentsBody {
        items: page.items,
        next: page.next,
    }))
}

/// A document and its latest version.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path)),
    responses((status = OK, body = DocumentBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}")]
pub async fn get_document(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String)>,
) -> Result<impl Responder, Failure> {
    let id = path_id("document", &path.1)?;
    let details = documents.get(&granted.actor, id).await?;
    Ok(web::Json(DocumentBody::from(details)))
}

/// A document's versions, the highest first.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), PageQuery),
    responses((status = OK, body = DocumentVersionsBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/versions")]
pub async fn list_versions(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String)>,
    query: web::Query<PageQuery>,
) -> Result<impl Responder, Failure> {
    let id = path_id("document", &path.1)?;
    let PageQuery { limit, cursor } = query.into_inner();
    let before: Option<VersionNumber> = cursor.map(|cursor| cursor.position()).transpose()?;
    let page = documents
        .versions(&granted.actor, id, before, PageLimit::parse(limit)?)
        .await?
        .map(DocumentVersionBody::from);
    Ok(web::Json(DocumentVersionsBody {
        items: page.items,
        next: page.next,
    }))
}

/// One version, and by whose reading its pages are.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("number" = i32, Path)),
    responses((status = OK, body = DocumentVersionDetailsBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/versions/{number}")]
pub async fn get_version(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String, i32)>,
) -> Result<impl Responder, Failure> {
    let (id, number) = (path_id("document", &path.1)?, VersionNumber::parse(path.2)?);
    let details = documents.version(&granted.actor, id, Some(number)).await?;
    Ok(web::Json(DocumentVersionDetailsBody::from(details)))
}
