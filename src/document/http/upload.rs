//! Uploading: a document, or the next version of one.

use actix_multipart::Multipart;
use actix_web::{HttpResponse, Responder, http::StatusCode, post, web};

use super::{
    bodies::UploadedBody,
    form::UploadForm,
    requests::{UploadDocument, UploadVersion, parse_draft, require_no_fields},
};
use crate::{
    document::{Added, Documents, Reading},
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// Uploads a file as a new document. What kind it is, its content says. When the same bytes are the latest version of
/// a document already, that one is answered with 200 and `"reading": "unchanged"`.
#[utoipa::path(tag = "documents", security(("api_key" = [])), params(("project_id" = String, Path)),
    request_body(content = UploadDocument, content_type = "multipart/form-data"), responses(
        (status = CREATED, body = UploadedBody), (status = OK, body = UploadedBody),
        (status = BAD_REQUEST, body = ErrorBody), (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody),
        (status = FORBIDDEN, body = ErrorBody, description = "The project holds as much as it may"),
    ))]
#[post("/api/v1/projects/{project_id}/documents")]
pub async fn upload_document(
    granted: Granted<may::DocumentsWrite>,
    documents: web::Data<Documents>,
    form: Multipart,
) -> Result<impl Responder, Failure> {
    let UploadForm { file, fields } = UploadForm::read(form, &documents, &granted.actor).await?;
    let draft = parse_draft(fields)?;
    let added = documents.add(&granted.actor, draft, file).await?;
    Ok(answer(added))
}

/// Uploads the next version of a document. The bytes that its latest version has already change nothing.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path)),
    request_body(content = UploadVersion, content_type = "multipart/form-data"), responses(
        (status = CREATED, body = UploadedBody), (status = OK, body = UploadedBody),
        (status = NOT_FOUND, body = ErrorBody), (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody),
    ))]
#[post("/api/v1/projects/{project_id}/documents/{document_id}/versions")]
pub async fn upload_version(
    granted: Granted<may::DocumentsWrite>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String)>,
    form: Multipart,
) -> Result<impl Responder, Failure> {
    let id = path_id("document", &path.1)?;
    // Before anything is received for nothing.
    documents.require(&granted.actor, id).await?;
    let UploadForm { file, fields } = UploadForm::read(form, &documents, &granted.actor).await?;
    require_no_fields(&fields)?;
    let added = documents.add_version(&granted.actor, id, file).await?;
    Ok(answer(added))
}

fn answer(added: Added) -> HttpResponse {
    let status = match added.reading {
        Reading::Queued | Reading::Reused => StatusCode::CREATED,
        Reading::Unchanged => StatusCode::OK,
    };
    HttpResponse::build(status).json(UploadedBody::from(added))
}
