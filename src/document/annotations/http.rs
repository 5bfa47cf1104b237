//! Endpoints of annotations.

use actix_web::{HttpResponse, Responder, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    model::{Annotation, AnnotationPlace, Color, Comment, NewAnnotation, NewPlace},
    service::Annotations,
};
use crate::{
    document::{DocumentError, VersionNumber, extraction::Rect},
    kernel::{Cursor, Failure, PageLimit},
    platform::http::{ErrorBody, Granted, may, path_id},
};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(annotate)
        .service(list_annotations)
        .service(change_annotation)
        .service(delete_annotation);
}

/// A box on a page, in points from its top left corner.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnnotationBoxBody)]
struct BoxBody {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

/// Words of a version's text (`start`, `end`), or a box on a page (`page`, `box`).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Annotate {
    /// The number of the version; the latest when absent.
    version: Option<i32>,
    /// In characters of the version's text.
    start: Option<usize>,
    end: Option<usize>,
    page: Option<i32>,
    r#box: Option<BoxBody>,
    #[serde(default)]
    comment: String,
    /// `#rrggbb`
    color: Option<String>,
}

/// What is to be changed; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeAnnotation {
    comment: Option<String>,
    color: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListAnnotations {
    /// Only those of the version with this number.
    version: Option<i32>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    limit: Option<u32>,
}

/// What somebody marked and said.
#[derive(Serialize, ToSchema)]
struct AnnotationBody {
    id: String,
    document: String,
    version: String,
    page: i32,
    start: Option<usize>,
    end: Option<usize>,
    /// The marked words, as they stand there.
    quote: Option<String>,
    r#box: Option<BoxBody>,
    comment: String,
    color: String,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// One page of annotations.
#[derive(Serialize, ToSchema)]
struct AnnotationsBody {
    items: Vec<AnnotationBody>,
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

impl Annotate {
    fn parse(self) -> Result<NewAnnotation, DocumentError> {
        let place = match (self.start, self.end, self.page, self.r#box) {
            (Some(start), Some(end), None, None) => NewPlace::Text { start, end },
            (None, None, Some(page), Some(bounds)) => {
                let bounds = bounds.into();
                NewPlace::Box { page, bounds }
            }
            _ => {
                let why = "is needed with `page`, or else `start` with `end`";
                return Err(DocumentError::invalid("box", why));
            }
        };
        Ok(NewAnnotation {
            version: self.version.map(VersionNumber::parse).transpose()?,
            place,
            comment: Comment::parse(&self.comment)?,
            color: self
                .color
                .as_deref()
                .map(Color::parse)
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

impl From<BoxBody> for Rect {
    fn from(body: BoxBody) -> Self {
        let BoxBody {
            left,
            top,
            right,
            bottom,
        } = body;
        Self {
            left,
            top,
            right,
            bottom,
        }
    }
}

impl From<Rect> for BoxBody {
    fn from(rect: Rect) -> Self {
        let Rect {
            left,
            top,
            right,
            bottom,
        } = rect;
        Self {
            left,
            top,
            right,
            bottom,
        }
    }
}

impl From<Annotation> for AnnotationBody {
    fn from(annotation: Annotation) -> Self {
        let Annotation {
            id,
            project: _, // the caller's own
            document,
            version,
            page,
            place,
            comment,
            color,
            created_by,
            created_at,
            updated_at,
        } = annotation;
        let (words, bounds) = match place {
            AnnotationPlace::Text { start, end, quote } => (Some((start, end, quote)), None),
            AnnotationPlace::Box { bounds } => (None, Some(bounds.into())),
        };
        Self {
            id: id.to_string(),
            document: document.to_string(),
            version: version.to_string(),
            page,
            start: words.as_ref().map(|(start, ..)| *start),
            end: words.as_ref().map(|(_, end, _)| *end),
            quote: words.map(|(_, _, quote)| quote),
            r#box: bounds,
            comment: comment.as_str().to_owned(),
            color: color.as_str().to_owned(),
            created_by,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

/// Marks words or a box, with or without a comment.
#[utoipa::path(tag = "annotations", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path)), request_body = Annotate,
    responses((status = CREATED, body = AnnotationBody), (status = BAD_REQUEST, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody)))]
#[post("/api/v1/projects/{project_id}/documents/{document_id}/annotations")]
async fn annotate(
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
async fn list_annotations(
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

/// Changes an annotation's comment or colour.
#[utoipa::path(tag = "annotations", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("annotation_id" = String, Path)),
    request_body = ChangeAnnotation,
    responses((status = OK, body = AnnotationBody), (status = NOT_FOUND, body = ErrorBody)))]
#[patch("/api/v1/projects/{project_id}/documents/{document_id}/annotations/{annotation_id}")]
async fn change_annotation(
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
async fn delete_annotation(
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
