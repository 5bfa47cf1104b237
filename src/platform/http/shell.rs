//! The middleware around every handler: id, span, limits, time, metrics, and errors in the surface's
//! shape. One layer rather than many: each costs every request.

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        Method,
        header::{CONTENT_ENCODING, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use futures::FutureExt;
use tokio::time;
use tracing::Instrument;

use super::{
    Surface, Surfaces, auth, errors, form, idempotency,
    limits::Limits,
    metrics,
    request_id::{self, RequestId},
    trace_context,
};
use crate::kernel::{Clock, ErrorCode, Failure};

/// A body smaller than this costs more to compress than to send.
const COMPRESS_FROM_BYTES: u64 = 1024;
/// The `route` of requests that match none.
const NO_ROUTE: &str = "unmatched";

/// What the shell needs of the server around it.
#[derive(Clone)]
pub(super) struct Shell {
    pub limits: Limits,
    pub body_limit_bytes: usize,
    pub surfaces: Surfaces,
    pub clock: Clock,
}

pub(super) async fn around(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let shell = request
        .app_data::<web::Data<Shell>>()
        .expect("the server registers its shell")
        .clone();
    let id = RequestId::of(request.headers(), &shell.clock);
    let surface = *shell.surfaces.of(request.path());
    let method = request.method().clone();
    if method == Method::HEAD {
        // Answered by the handler of GET; the connection leaves the body out.
        request.head_mut().method = Method::GET;
    }
    let route = request
        .match_pattern()
        .unwrap_or_else(|| NO_ROUTE.to_owned());
    let span = tracing::info_span!(
        "request", method = %method, route, request_id = id.as_str(), trace_id = tracing::field::Empty,
    );
    trace_context::continue_in(&span, request.headers(), &shell.clock);
    let answered = guarded((&shell, &surface), request, next, &id)
        .instrument(span.clone())
        .await;
    let status = match &answered {
        Ok(response) => response.status().as_u16(),
        Err(response) => response.status().as_u16(),
    };
    let took = started.elapsed();
    metrics::record(&method, &route, status, took);
    span.in_scope(|| tracing::debug!(status, took_us = took.as_micros(), "answered"));
    match answered {
        Ok(mut response) => {
            sign(response.response_mut(), &id, &surface);
            Ok(response)
        }
        Err(mut response) => {
            sign(&mut response, &id, &surface);
            Err(InternalError::from_response(id, response).into())
        }
    }
}

/// Puts the request's id on an answer, and keeps small bodies from being compressed.
fn sign(response: &mut HttpResponse, id: &RequestId, surface: &Surface) {
    let id = HeaderValue::from_str(id.as_str()).expect("a request id is visible ASCII");
    let size = response.body().size();
    let headers = response.headers_mut();
    if let Some(name) = surface.request_id_header
        && !headers.contains_key(name)
    {
        headers.insert(HeaderName::from_static(name), id.clone());
    }
    headers.insert(HeaderName::from_static(request_id::HEADER), id);
    if matches!(size, BodySize::Sized(bytes) if bytes < COMPRESS_FROM_BYTES) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
    }
}

/// The handler's answer within the limits; whatever fails becomes an answer of the surface.
///
/// `Err` is an answer too: one to a request that its handler still held when time ran out. (The
/// router needs to be the request's only owner, so no copy of it can be kept for that case.)
async fn guarded(
    (shell, surface): (&Shell, &Surface),
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    id: &RequestId,
) -> Result<ServiceResponse<BoxBody>, HttpResponse> {
    let binary = surface.binary_of(request.headers());
    let answer = |failure: &Failure| errors::answer(failure, surface, binary, id.as_str());
    // An upload takes as long as its sender's line does; its reader limits that.
    let limits_own_time = surface.limits_own_time || form::is_form(request.headers());
    let _in_flight = match shell.limits.admit(&request) {
        Ok(permit) => permit,
        Err(failure) => return Ok(request.into_response(answer(&failure))),
    };
    let answering = AssertUnwindSafe(async {
        auth::identify(&request).await;
        if surface.idempotent && idempotency::applies(&request) {
            idempotency::answer_once(request, next).await
        } else {
            next.call(request)
                .await
                .map(ServiceResponse::map_into_boxed_body)
        }
    })
    .catch_unwind();
    let answered = if limits_own_time {
        answering.await
    } else {
        let within = time::timeout(shell.limits.time_to_answer, answering).await;
        within.map_err(|_| answer(&shell.limits.timed_out()))?
    };
    // What panicked is in the log, where the panic hook wrote it.
    let answered = answered.map_err(|_| answer(&Failure::of(ErrorCode::Internal)))?;
    match answered {
        Ok(response) => match response.response().error().map(errors::failure_of) {
            Some(failure) => Ok(response.into_response(answer(&failure))),
            None => Ok(response),
        },
        Err(error) => Err(answer(&errors::failure_of(&error))),
    }
}
