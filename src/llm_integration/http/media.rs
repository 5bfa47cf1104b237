//! Media: announced and read with a key, put and fetched by signed addresses.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::SizedStream,
    get,
    http::header::{
        CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH,
        CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS,
    },
    post, put, web,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::{
        Announced, LlmError, Media, MediaField, MediaLink, MediaOwner, MediaStore, NewMedia,
        ObservationId, TraceId, UploadHead,
    },
    platform::http::{Endpoints, ErrorBody, Granted, PublicUrl, Surface, may},
};

/// Uploads take as long as they go on.
pub const MEDIA_TRANSFERS: Surface = Surface::own("/api/v1/media/uploads/");

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config
        .service(announce)
        .service(list)
        .service(get)
        .service(upload)
        .service(content);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnnounceMedia {
    /// In base64, of 44 characters.
    sha256: String,
    content_type: String,
    content_length: u64,
    trace_id: String,
    observation_id: Option<String>,
    /// `input`, `output` or `metadata`.
    field: String,
}

#[derive(Serialize, ToSchema)]
struct AnnouncedBody {
    id: String,
    /// Where to PUT the content, with its `Content-Type`; null when it is here already.
    upload_url: Option<String>,
    upload_url_expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
struct MediaBody {
    id: String,
    content_type: &'static str,
    content_length: u64,
    uploaded_at: DateTime<Utc>,
    /// Where the content is to be had without a key.
    url: String,
    url_expires_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
struct MediaLinkBody {
    media: MediaBody,
    /// Null where the trace itself refers to it.
    observation_id: Option<String>,
    field: &'static str,
}

#[derive(Serialize, ToSchema)]
struct MediaListBody {
    items: Vec<MediaLinkBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MediaQuery {
    trace_id: String,
}

impl AnnounceMedia {
    fn parse(self) -> Result<NewMedia, Failure> {
        let Self {
            sha256,
            content_type,
            content_length,
            trace_id,
            observation_id,
            field,
        } = self;
        let trace = parsed::<TraceId>("trace_id", &trace_id)?;
        let observation = observation_id
            .map(|id| parsed::<ObservationId>("observation_id", &id))
            .transpose()?;
        Ok(NewMedia {
            sha256: parsed("sha256", &sha256)?,
            content_type: parsed("content_type", &content_type)?,
            bytes: content_length,
            owner: match observation {
                Some(observation) => MediaOwner::Observation(trace, observation),
                None => MediaOwner::Trace(trace),
            },
            field: parsed::<MediaField>("field", &field)?,
        })
    }
}

fn parsed<T: std::str::FromStr<Err = String>>(name: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|takes| {
        let message = format!("`{name}` is not valid: {takes}");
        Failure::new(ErrorCode::InvalidRequest, message)
    })
}

impl MediaBody {
    fn new(media: Media, request: &HttpRequest, public: &PublicUrl) -> Self {
        let Media {
            id,
            content_type,
            bytes,
            uploaded_at,
            download: (path, expires_at),
        } = media;
        Self {
            id: id.to_string(),
            content_type: content_type.as_str(),
            content_length: bytes,
            uploaded_at: uploaded_at.into(),
            url: public.of(request, &path),
            url_expires_at: expires_at.into(),
        }
    }
}

/// Announces a medium, and what of a trace refers to it.
#[utoipa::path(tag = "media", security(("api_key" = [])), request_body = AnnounceMedia,
    responses((status = CREATED, body = AnnouncedBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/media")]
async fn announce(
    granted: Granted<may::TracesWrite>,
    (media, public): (web::Data<MediaStore>, web::Data<PublicUrl>),
    request: HttpRequest,
    body: web::Json<AnnounceMedia>,
) -> Result<impl Responder, Failure> {
    let new = body.into_inner().parse()?;
    let Announced { id, upload: at } = media.announce(&granted.actor, new).await?;
    let (path, expires_at) = at.unzip();
    Ok(HttpResponse::Created().json(AnnouncedBody {
        id: id.to_string(),
        upload_url: path.map(|path| public.of(&request, &path)),
        upload_url_expires_at: expires_at.map(Into::into),
    }))
}

/// The media of a trace and its observations, in the order in which they were announced.
#[utoipa::path(tag = "media", security(("api_key" = [])), params(("trace_id" = String, Query)),
    responses((status = OK, body = MediaListBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/media")]
async fn list(
    granted: Granted<may::TracesRead>,
    (media, public): (web::Data<MediaStore>, web::Data<PublicUrl>),
    request: HttpRequest,
    query: web::Query<MediaQuery>,
) -> Result<impl Responder, Failure> {
    let trace = parsed("trace_id", &query.trace_id)?;
    let found = media.of_trace(&granted.actor, trace).await?.into_iter();
    let shown = |link: MediaLink| MediaLinkBody {
        media: MediaBody::new(link.media, &request, &public),
        observation_id: link.observation.map(|id| id.to_string()),
        field: link.field.name(),
    };
    Ok(web::Json(MediaListBody {
        items: found.map(shown).collect(),
    }))
}

/// A medium whose content is here.
#[utoipa::path(tag = "media", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, body = MediaBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/media/{id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    (media, public): (web::Data<MediaStore>, web::Data<PublicUrl>),
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let found = media.get(&granted.actor, id.into_inner().into()).await?;
    Ok(web::Json(MediaBody::new(found, &request, &public)))
}

/// Takes in a content that was announced, at the address that its announcement gave.
#[utoipa::path(tag = "media", params(("address" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = OK), (status = BAD_REQUEST, body = ErrorBody), (status = FORBIDDEN, body = ErrorBody)))]
#[put("/api/v1/media/uploads/{address}")]
async fn upload(
    media: web::Data<MediaStore>,
    address: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<impl Responder, Failure> {
    let text = |name: HeaderName| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let head = UploadHead {
        content_type: text(CONTENT_TYPE),
        bytes: text(CONTENT_LENGTH)
            .map(|length| parsed_length(&length))
            .transpose()?,
    };
    media.receive(&address, head, body).await?;
    Ok(HttpResponse::Ok())
}

fn parsed_length(text: &str) -> Result<u64, LlmError> {
    text.parse().map_err(|_| LlmError::InvalidRequest {
        what: format!("`Content-Length` is not a number: {text}"),
    })
}

/// The content behind a signed address.
#[utoipa::path(tag = "media", params(("address" = String, Path)),
    responses((status = OK, content_type = "application/octet-stream"), (status = FORBIDDEN, body = ErrorBody)))]
#[get("/api/v1/media/contents/{address}")]
async fn content(
    media: web::Data<MediaStore>,
    address: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let content = media.open(&address).await?;
    let name = format!("attachment; filename=\"{}\"", content.id);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content.content_type.as_str()))
        .insert_header((CONTENT_DISPOSITION, name))
        // What somebody uploaded runs nowhere as ours, whatever it says it is.
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .insert_header((CONTENT_ENCODING, "identity"))
        .body(SizedStream::new(content.bytes, content.body)))
}
