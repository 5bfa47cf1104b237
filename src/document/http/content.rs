//! What is in a version: the file as it was uploaded, and its pages as they were read.

use actix_web::{
    HttpResponse, Responder, get,
    http::header::{
        CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
        ContentDisposition, DispositionParam, DispositionType, ETAG, HeaderValue,
        X_CONTENT_TYPE_OPTIONS,
    },
    web,
};
use actix_web::{
    body::SizedStream,
    http::header::{Charset, ExtendedValue},
};

use super::{
    bodies::{DocumentPageBody, DocumentPageSummaryBody, DocumentPagesBody},
    requests::PageQuery,
};
use crate::{
    document::{DocumentVersion, Documents, VersionNumber},
    kernel::{Failure, PageLimit},
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// The file of a version, as it was uploaded. It is given as an attachment that no browser runs.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("number" = i32, Path)),
    responses((status = OK, content_type = "application/octet-stream", body = Vec<u8>),
        (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/file")]
pub async fn download_file(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String, i32)>,
) -> Result<impl Responder, Failure> {
    let (id, number) = (path_id("document", &path.1)?, VersionNumber::parse(path.2)?);
    let (version, bytes) = documents.file(&granted.actor, id, number).await?;
    let size = version.content.bytes.unsigned_abs();
    Ok(HttpResponse::Ok()
        .content_type(version.content.kind.media_type())
        .insert_header((CONTENT_DISPOSITION, attachment(&version)))
        .insert_header((ETAG, format!("\"{}\"", version.content.sha256)))
        // A version never changes, and is nobody's but the caller's.
        .insert_header((CACHE_CONTROL, "private, max-age=86400, immutable"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")))
        .body(SizedStream::new(size, bytes)))
}

/// The name twice: in ASCII for old clients, and in full.
fn attachment(version: &DocumentVersion) -> ContentDisposition {
    let name = version.file_name.as_str();
    let plain = |c: char| {
        if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' {
            c
        } else {
            '_'
        }
    };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(name.chars().map(plain).collect()),
            DispositionParam::FilenameExt(ExtendedValue {
                charset: Charset::Ext("UTF-8".to_owned()),
                language_tag: None,
                value: name.as_bytes().to_vec(),
            }),
        ],
    }
}

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
