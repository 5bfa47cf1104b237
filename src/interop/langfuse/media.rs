//! `/api/public/media`: images, sound and files that what was traced refers to.

use std::str::FromStr;

use actix_web::{HttpRequest, HttpResponse, Responder, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::invalid;
use crate::{
    kernel::Failure,
    llm_integration::{
        Announced, Media, MediaOwner, MediaStore, NewMedia, ObservationId, TraceId, UploadReport,
    },
    platform::http::{Endpoints, Granted, PublicUrl, may},
};

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config.service(announce).service(get).service(report);
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UploadUrlRequest {
    /// Of a trace, alone or with an observation of it; or else of a dataset with an item of it.
    trace_id: Option<String>,
    observation_id: Option<String>,
    dataset_id: Option<String>,
    dataset_item_id: Option<String>,
    content_type: String,
    content_length: u64,
    /// In base64, of 44 characters.
    sha256_hash: String,
    /// `input`, `output` or `metadata`; of an item of a dataset `input`, `expectedOutput` or `metadata`.
    field: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UploadUrlBody {
    media_id: String,
    /// Null when the content is here already.
    upload_url: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MediaRecordBody {
    media_id: String,
    content_type: &'static str,
    content_length: u64,
    uploaded_at: DateTime<Utc>,
    url: String,
    url_expiry: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UploadStatus {
    upload_http_status: i32,
    upload_http_error: Option<String>,
}

impl UploadUrlRequest {
    fn parse(self) -> Result<NewMedia, Failure> {
        let Self {
            trace_id,
            observation_id,
            dataset_id,
            dataset_item_id,
            content_type,
            content_length,
            sha256_hash,
            field,
        } = self;
        let owner = match (trace_id, observation_id, dataset_id, dataset_item_id) {
            (Some(trace), None, None, None) => MediaOwner::Trace(parsed("traceId", &trace)?),
            (Some(trace), Some(observation), None, None) => MediaOwner::Observation(
                parsed::<TraceId>("traceId", &trace)?,
                parsed::<ObservationId>("observationId", &observation)?,
            ),
            (None, None, Some(dataset), Some(item)) => MediaOwner::DatasetItem { dataset, item },
            _ => {
                let takes = "either it, alone or with `observationId`, or `datasetId` and \
                    `datasetItemId`";
                return Err(invalid("traceId", takes));
            }
        };
        Ok(NewMedia {
            sha256: parsed("sha256Hash", &sha256_hash)?,
            content_type: parsed("contentType", &content_type)?,
            bytes: content_length,
            owner,
            field: parsed("field", &field)?,
        })
    }
}

fn parsed<T: FromStr<Err = String>>(name: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|takes: String| invalid(name, takes))
}

/// Announces a medium: says under which id it is referred to, and where to put its content.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), request_body = UploadUrlRequest,
    responses((status = CREATED, body = UploadUrlBody), (status = BAD_REQUEST)))]
#[post("/api/public/media")]
async fn announce(
    granted: Granted<may::TracesWrite>,
    (media, public): (web::Data<MediaStore>, web::Data<PublicUrl>),
    request: HttpRequest,
    body: web::Json<UploadUrlRequest>,
) -> Result<impl Responder, Failure> {
    let new = body.into_inner().parse()?;
    let Announced { id, upload } = media.announce(&granted.actor, new).await?;
    Ok(HttpResponse::Created().json(UploadUrlBody {
        media_id: id.to_string(),
        upload_url: upload.map(|(path, _)| public.of(&request, &path)),
    }))
}

/// A medium whose content is here.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("media_id" = String, Path)),
    responses((status = OK, body = MediaRecordBody), (status = NOT_FOUND)))]
#[get("/api/public/media/{media_id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    (media, public): (web::Data<MediaStore>, web::Data<PublicUrl>),
    request: HttpRequest,
    media_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let id = media_id.into_inner().into();
    let Media {
        id,
        content_type,
        bytes,
        uploaded_at,
        download: (path, expires_at),
    } = media.get(&granted.actor, id).await?;
    Ok(web::Json(MediaRecordBody {
        media_id: id.to_string(),
        content_type: content_type.as_str(),
        content_length: bytes,
        uploaded_at: uploaded_at.into(),
        url: public.of(&request, &path),
        url_expiry: expires_at.into(),
    }))
}

/// Notes how an upload went. We know of those that came to their end; the others are told here.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("media_id" = String, Path)),
    request_body = UploadStatus, responses((status = OK), (status = NOT_FOUND)))]
#[patch("/api/public/media/{media_id}")]
async fn report(
    granted: Granted<may::TracesWrite>,
    media: web::Data<MediaStore>,
    media_id: web::Path<String>,
    body: web::Json<UploadStatus>,
) -> Result<impl Responder, Failure> {
    let UploadStatus {
        upload_http_status,
        upload_http_error,
    } = body.into_inner();
    let report = UploadReport {
        status: upload_http_status,
        error: upload_http_error,
    };
    let id = media_id.into_inner().into();
    media.report(&granted.actor, id, report).await?;
    Ok(HttpResponse::Ok())
}
