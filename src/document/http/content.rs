//! What a version is made of: its file as it was uploaded, whole or in part, and its pages as pictures.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder,
    body::SizedStream,
    get,
    http::header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE,
        CONTENT_SECURITY_POLICY, Charset, ContentDisposition, DispositionParam, DispositionType,
        ETAG, ExtendedValue, HeaderMap, HeaderValue, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
    },
    web,
};

use super::requests::PictureQuery;
use crate::{
    document::{
        ByteSpan, DocumentVersion, Documents, FilePart, PagePicture, VersionNumber, WantedPart,
    },
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// The file of a version, as it was uploaded. It is given as an attachment that no browser runs. With a `Range` of one part,
/// only that part is given.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("number" = i32, Path),
        ("range" = Option<String>, Header, description = "`bytes=0-499`, `bytes=500-` or `bytes=-500`"),
        ("if-range" = Option<String>, Header, description = "`ETag` of the file that the part has to be of")),
    responses((status = OK, content_type = "application/octet-stream", body = Vec<u8>),
        (status = PARTIAL_CONTENT, content_type = "application/octet-stream", body = Vec<u8>),
        (status = NOT_FOUND, body = ErrorBody),
        (status = RANGE_NOT_SATISFIABLE, body = ErrorBody, description = "The file is shorter; `Content-Range` says how long it is")))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/file")]
pub async fn download_file(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String, i32)>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let (id, number) = (path_id("document", &path.1)?, VersionNumber::parse(path.2)?);
    let wanted = wanted_part(request.headers());
    let part = documents.file(&granted.actor, (id, number), wanted).await?;
    Ok(file(part))
}

/// The one part that a request wants; none where it wants several, or what is no part.
fn wanted_part(headers: &HeaderMap) -> Option<WantedPart> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let span = ByteSpan::parse(text(RANGE)?)?;
    Some(WantedPart {
        span,
        of: text(IF_RANGE).map(str::to_owned),
    })
}

fn file(part: FilePart) -> HttpResponse {
    let FilePart {
        version,
        range,
        bytes,
    } = part;
    let size = version.content.bytes.unsigned_abs();
    let mut answer = match &range {
        Some(_) => HttpResponse::PartialContent(),
        None => HttpResponse::Ok(),
    };
    unchanging(&mut answer, &version.content.tag())
        .content_type(version.content.kind.media_type())
        .insert_header((CONTENT_DISPOSITION, attachment(&version)))
        .insert_header((ACCEPT_RANGES, "bytes"));
    let length = match range {
        Some(range) => {
            let told = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            answer.insert_header((CONTENT_RANGE, told));
            range.end - range.start
        }
        None => size,
    };
    answer.body(SizedStream::new(length, bytes))
}

/// What a version holds never changes, is nobody's but the caller's, and is run by no browser.
fn unchanging<'a>(answer: &'a mut HttpResponseBuilder, tag: &str) -> &'a mut HttpResponseBuilder {
    answer
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "private, max-age=86400, immutable"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")))
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

/// A page as a picture, `width` pixels across: a point of the boxes of citations is `width` / the page's width pixels. Drawn
/// when it is first asked for. Only PDFs and images have pictures of their pages; an image is not enlarged.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), ("number" = i32, Path),
        ("page" = i32, Path), PictureQuery),
    responses((status = OK, content_type = "image/png", body = Vec<u8>),
        (status = BAD_REQUEST, body = ErrorBody), (status = NOT_FOUND, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "The page can not be drawn")))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/pages/{page}/image")]
pub async fn get_page_image(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String, i32, i32)>,
    query: web::Query<PictureQuery>,
) -> Result<impl Responder, Failure> {
    let (id, number) = (path_id("document", &path.1)?, VersionNumber::parse(path.2)?);
    let width = query.into_inner().parse()?;
    let PagePicture { png, tag } = documents
        .picture(&granted.actor, (id, number), path.3, width)
        .await?;
    let mut answer = HttpResponse::Ok();
    unchanging(&mut answer, &tag).content_type("image/png");
    Ok(answer.body(png))
}
