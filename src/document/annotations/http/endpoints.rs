//! Making, finding, changing and deleting annotations.

use actix_web::{HttpResponse, Responder, delete, get, patch, post, web};

use super::{
    bodies::{AnnotationBody, AnnotationsBody},
    requests::{Annotate, ChangeAnnotation, ExportAnnotations, ListAnnotations},
};
use crate::{
    document::{
        VersionNumber,
        annotations::{
            model::{Color, Comment},
            service::Annotations,
        },
    },
    kernel::{Cursor, Failure, PageLimit},
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// Marks words or a box, with or without a comment.
#[utoipa::path(tag = "annotations", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path)), request_body = Annotate,
    responses((status = CREATED, body = AnnotationBody), (status = BAD_REQUEST, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody)))]
#[post("/api/v1/projects/{project_id}/documents/{document_id}/annotations")]
pub async fn annotate(
    granted: Granted<may::DocumentsWrite>,
    annotations: web::Data<Annotations>,
    path: web::Path<(String, String)>,
    body: web::Json<Annotate>,
) -> Result<impl Responder, Failure> {
    let document = path_id("document", &path.1)?;
    let new = body.into_inner().parse()?;
    let annotation = annotations.annotate(&granted.actor, document, new).await?;
    Ok(HttpResponse::Created().json(AnnotationBody::from(annotation)))
}

/// A document's annotations, in the order of its pages.
#[utoipa::path(tag = "annotations", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ListAnnotations),
    responses((status = OK, body = AnnotationsBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/annotations")]
pub async fn list_annotations(
    granted: Granted<may::DocumentsRead>,
    annotations: web::Data<Annotations>,
    path: web::Path<(String, String)>,
    query: web::Query<ListAnnotations>,
) -> Result<impl Responder, Failure> {
    let document = path_id("document", &path.1)?;
    let ListAnnotations {
        version,
        cursor,
        limit,
    } = query.into_inner();
    let number = version.map(VersionNumber::parse).transpose()?;
    let window = (cursor.map(Cursor::from), PageLimit::parse(limit)?);
    let page = annotations
        .list(&granted.actor, document, number, window)
        .await?;
    Ok(web::Json(AnnotationsBody {
        items: page.items.into_iter().map(AnnotationBody::from).collect(),
        next: page.next,
    }))
}

/// A version's annotations as Markdown: under each page the marked words, with what was said of them.
#[utoipa::path(tag = "annotations", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ExportAnnotations),
    responses((status = OK, body = String, content_type = "text/markdown"),
        (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/annotations/markdown")]
pub async fn export_annotations(
    granted: Granted<may::DocumentsRead>,
    annotations: web::Data<Annotations>,
    path: web::Path<(String, String)>,
    query: web::Query<ExportAnnotations>,
) -> Result<impl Responder, Failure> {
    let document = path_id("document", &path.1)?;
    let number = query.version.map(VersionNumber::parse).transpose()?;
    let text = annotations.export(&granted.actor, document, number).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/markdown; charset=utf-8")
        .body(text))
}

/// Changes an annotation's comment or colour.
#[utoipa::path(tag = "annotations", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("annotation_id" = String, Path)),
    request_body = ChangeAnnotation,
    responses((status = OK, body = AnnotationBody), (status = NOT_FOUND, body = ErrorBody)))]
#[patch("/api/v1/projects/{project_id}/documents/{document_id}/annotations/{annotation_id}")]
pub async fn change_annotation(
    granted: Granted<may::DocumentsWrite>,
    annotations: web::Data<Annotations>,
    path: web::Path<(String, String, String)>,
    body: web::Json<ChangeAnnotation>,
) -> Result<impl Responder, Failure> {
    let ids = (
        path_id("document", &path.1)?,
        path_id("annotation", &path.2)?,
    );
    let ChangeAnnotation { comment, color } = body.into_inner();
    let comment = comment.as_deref().map(Comment::parse).transpose()?;
    let color = color.as_deref().map(Color::parse).transpose()?;
    let changed = annotations
        .change(&granted.actor, ids, comment, color)
        .await?;
    Ok(web::Json(AnnotationBody::from(changed)))
}

/// Deletes an annotation.
#[utoipa::path(tag = "annotations", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("annotation_id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/projects/{project_id}/documents/{document_id}/annotations/{annotation_id}")]
pub async fn delete_annotation(
    granted: Granted<may::DocumentsWrite>,
    annotations: web::Data<Annotations>,
    path: web::Path<(String, String, String)>,
) -> Result<impl Responder, Failure> {
    let ids = (
        path_id("document", &path.1)?,
        path_id("annotation", &path.2)?,
    );
    annotations.delete(&granted.actor, ids).await?;
    Ok(HttpResponse::NoContent())
}
