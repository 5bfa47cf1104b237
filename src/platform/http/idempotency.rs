//! `Idempotency-Key`: a creating request that is sent twice is carried out once.
//!
//! The first request reserves the key, then stores its answer; the same request again gets that
//! answer with `idempotent-replayed: true`. Another request under the same key is refused. An answer
//! of 5xx is not kept, so that a retry tries again.

mod store;

use std::time::Duration;

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{self, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    web,
};
use bytes::Bytes;
use futures::StreamExt;

pub(in crate::platform) use self::store::delete_answers_before;
use self::store::{Reservation, StoredAnswer};
use super::{auth, form, shell::Shell};
use crate::{
    kernel::{ErrorCode, Failure, ProjectId},
    platform::db::Db,
};

/// The header that names the key.
const IDEMPOTENCY_HEADER: &str = "idempotency-key";
/// The largest answer that is kept for a replay; a larger one is sent but not kept.
const MAX_REPLAY_BYTES: usize = 1024 * 1024;
const REPLAYED_HEADER: &str = "idempotent-replayed";
const MAX_KEY_LENGTH: usize = 255;
/// A reservation this old belongs to a process that died before it answered.
const ABANDONED_AFTER: Duration = Duration::from_mins(2);

/// The identity of one request: its project, its key, and a hash of what it asks.
#[derive(Clone, Debug)]
struct Claim {
    project: ProjectId,
    key: String,
    request_hash: Vec<u8>,
}

/// Whether the request asks to be carried out once: a POST with the header.
pub(super) fn applies(request: &ServiceRequest) -> bool {
    request.method() == Method::POST && request.headers().contains_key(IDEMPOTENCY_HEADER)
}

/// Carries the request out, or replays the answer it got before.
pub(super) async fn answer_once(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let db = request
        .app_data::<web::Data<Db>>()
        .expect("the server registers its database")
        .clone();
    let shell = request
        .app_data::<web::Data<Shell>>()
        .expect("the server registers its shell")
        .clone();
    let claim = read_claim(&mut request, shell.body_limit_bytes).await?;
    let (reserving, now) = (claim.clone(), shell.clock.now());
    let reservation = db
        .write(move |conn| store::reserve(conn, &reserving, now, now.minus(ABANDONED_AFTER)))
        .await
        .map_err(Failure::from)?;
    match reservation {
        Reservation::Taken => {}
        Reservation::InFlight => {
            return Err(Failure::of(ErrorCode::IdempotencyInFlight)
                .retry_after(Duration::from_secs(1))
                .into());
        }
        Reservation::OtherRequest => {
            return Err(Failure::of(ErrorCode::IdempotencyKeyReused).into());
        }
        Reservation::Answered(answer) => return Ok(request.into_response(replay(answer))),
    }
    match next.call(request).await {
        Ok(response) => keep(&db, claim, response).await,
        Err(error) => {
            release(&db, claim).await;
            Err(error)
        }
    }
}

async fn read_claim(request: &mut ServiceRequest, body_limit: usize) -> Result<Claim, Failure> {
    let key = request
        .headers()
        .get(IDEMPOTENCY_HEADER)
        .and_then(|value| value.to_str().ok());
    let key = key
        .filter(|key| (1..=MAX_KEY_LENGTH).contains(&key.len()))
        .map(str::to_owned)
        .ok_or_else(|| {
            let message = format!(
                "`{IDEMPOTENCY_HEADER}` must be 1 to {MAX_KEY_LENGTH} visible ASCII characters"
            );
            Failure::new(ErrorCode::InvalidRequest, message)
        })?;
    let actor = auth::caller(request.request())?;
    let is_form = form::is_form(request.headers());
    let body = if is_form {
        // Too large to be held here, and each sending of the same form has another boundary: the key
        // and the path have to say that it is the same.
        Bytes::new()
    } else {
        read_body(request, body_limit).await?
    };
    let mut hash = blake3::Hasher::new();
    let target = request
        .uri()
        .path_and_query()
        .map_or("", |target| target.as_str());
    hash.update(target.as_bytes()).update(&[0]).update(&body);
    if !is_form {
        request.set_payload(Payload::from(body));
    }
    Ok(Claim {
        project: actor.project,
        key,
        request_hash: hash.finalize().as_bytes().to_vec(),
    })
}

async fn read_body(request: &mut ServiceRequest, limit: usize) -> Result<Bytes, Failure> {
    let mut payload = request.take_payload();
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Failure::new(
                ErrorCode::InvalidRequest,
                format!("the body can not be read: {error}"),
            )
        })?;
        if body.len() + chunk.len() > limit {
            let message = format!("the body is larger than the limit of {limit} bytes");
            return Err(Failure::new(ErrorCode::PayloadTooLarge, message));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Stores the answer under the claim, and sends it. An error of ours passes on unchanged: the shell
/// writes its body, and the key is free again for a corrected request.
async fn keep(
    db: &Db,
    claim: Claim,
    response: ServiceResponse<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if response.response().error().is_some() || response.status().is_server_error() {
        release(db, claim).await;
        return Ok(response.map_into_boxed_body());
    }
    let (request, response) = response.into_parts();
    let (response, unread) = response.into_parts();
    let body = body::to_bytes(unread)
        .await
        .map_err(|error| Failure::internal(std::io::Error::other(error.into().to_string())))?;
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let answer = StoredAnswer {
        status: i32::from(response.status().as_u16()),
        content_type: content_type.map(str::to_owned),
        body: body.to_vec(),
    };
    if body.len() <= MAX_REPLAY_BYTES {
        let outcome = db
            .write(move |conn| store::complete(conn, &claim, &answer))
            .await;
        if let Err(error) = outcome {
            tracing::warn!(error = %Failure::from(error), "the answer was not kept under its idempotency key");
        }
    } else {
        release(db, claim).await;
    }
    Ok(ServiceResponse::new(
        request,
        response.set_body(body).map_into_boxed_body(),
    ))
}

async fn release(db: &Db, claim: Claim) {
    if let Err(error) = db.write(move |conn| store::release(conn, &claim)).await {
        // The key frees itself once the reservation counts as abandoned.
        tracing::warn!(error = %Failure::from(error), "an idempotency key was not released");
    }
}

fn replay(answer: StoredAnswer) -> HttpResponse {
    let status = u16::try_from(answer.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::OK));
    response.insert_header((REPLAYED_HEADER, "true"));
    if let Some(content_type) = answer.content_type {
        response.content_type(content_type);
    }
    response.body(answer.body)
}
