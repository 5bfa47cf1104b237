//! Changing documents: edit, delete, cancel and retry their reading.

use actix_web::{HttpResponse, Responder, delete, patch, post, web};

use super::{
    bodies::{DeletedDocumentsBody, DocumentBody, DocumentVersionBody},
    requests::EditDocument,
};
use crate::{
    document::{Documents, VersionNumber},
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// Changes what is said about a document, its folder and its tags. What is set here, reading never changes again.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path)), request_body = EditDocument, responses(
        (status = OK, body = DocumentBody), (status = NOT_FOUND, body = ErrorBody),
        (status = BAD_REQUEST, body = ErrorBody),
    ))]
#[patch("/api/v1/projects/{project_id}/documents/{document_id}")]
pub async fn edit_document(
    granted: Granted<may::DocumentsWrite>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String)>,
    body: web::Json<EditDocument>,
) -> Result<impl Responder, Failure> {
    let id = path_id("document", &path.1)?;
    let edit = body.into_inner().parse()?;
    let (document, version) = documents.edit(&granted.actor, id, edit).await?;
    Ok(web::Json(DocumentBody::of(document, version)))
}

/// Deletes a document with its versions, pages, files and what was indexed of them.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/projects/{project_id}/documents/{document_id}")]
pub async fn delete_document(
    granted: Granted<may::DocumentsWrite>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String)>,
) -> Result<impl Responder, Failure> {
    let id = path_id("document", &path.1)?;
    documents.delete(&granted.actor, id).await?;
    Ok(HttpResponse::NoContent())
}

/// Deletes all documents of the project.
#[utoipa::path(tag = "documents", security(("api_key" = [])), params(("project_id" = String, Path)),
    responses((status = OK, body = DeletedDocumentsBody), (status = FORBIDDEN, body = ErrorBody)))]
#[delete("/api/v1/projects/{project_id}/documents")]
pub async fn delete_documents(
    granted: Granted<may::DocumentsManage>,
    documents: web::Data<Documents>,
) -> Result<impl Responder, Failure> {
    let deleted = documents.delete_all(&granted.actor).await?;
    Ok(web::Json(DeletedDocumentsBody { deleted }))
}

/// Stops reading or indexing a version. The pages that were read stay.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("number" = i32, Path)), responses(
        (status = OK, body = DocumentVersionBody), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody, description = "Nothing is being done with it"),
    ))]
#[post("/api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/cancel")]
pub async fn cancel_version(
    granted: Granted<may::DocumentsWrite>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String, i32)>,
) -> Result<impl Responder, Failure> {
    let (id, number) = (path_id("document", &path.1)?, VersionNumber::parse(path.2)?);
    let cancelled = documents.cancel(&granted.actor, id, number).await?;
    Ok(web::Json(DocumentVersionBody::from(cancelled)))
}

/// Reads a version that failed or was cancelled again, from the page on that was reached.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("number" = i32, Path)), responses(
        (status = OK, body = DocumentVersionBody), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody, description = "It neither failed nor was cancelled"),
    ))]
#[post("/api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/retry")]
pub async fn retry_version(
    granted: Granted<may::DocumentsWrite>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String, i32)>,
) -> Result<impl Responder, Failure> {
    let (id, number) = (path_id("document", &path.1)?, VersionNumber::parse(path.2)?);
    let retried = documents.retry(&granted.actor, id, number).await?;
    Ok(web::Json(DocumentVersionBody::from(retried)))
}
