//! The middleware around every handler: id, span, limits, time, metrics, and errors in the surface's
//! shape. One layer rather than many: each costs every request.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{CONTENT_ENCODING, HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use tokio::time;
use tracing::Instrument;

use super::{RequestId, Surfaces, errors, idempotency, limits::Limits, metrics, request_id};
use crate::kernel::{Clock, Failure};

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
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let shell = request
        .app_data::<web::Data<Shell>>()
        .expect("the server registers its shell")
        .clone();
    let id = RequestId::of(request.headers(), &shell.clock);
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let route = request
        .match_pattern()
        .unwrap_or_else(|| NO_ROUTE.to_owned());
    let span = tracing::info_span!(
        "request", method = %method, route, request_id = id.as_str(), trace_id = tracing::field::Empty,
    );
    let mut response = guarded(&shell, request, next, &id)
        .instrument(span.clone())
        .await;
    let header = HeaderValue::from_str(id.as_str()).expect("a request id is visible ASCII");
    response
        .headers_mut()
        .insert(HeaderName::from_static(request_id::HEADER), header);
    if matches!(response.response().body().size(), BodySize::Sized(bytes) if bytes < COMPRESS_FROM_BYTES)
    {
        response
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
    }
    let (status, took) = (response.status().as_u16(), started.elapsed());
    metrics::record(&method, &route, status, took);
    span.in_scope(|| tracing::debug!(status, took_us = took.as_micros(), "answered"));
    Ok(response)
}

/// The handler's answer within the limits; whatever fails becomes an answer of the surface.
async fn guarded(
    shell: &Shell,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    id: &RequestId,
) -> ServiceResponse<BoxBody> {
    let surface = shell.surfaces.of(request.path());
    let _in_flight = match shell.limits.admit(&request) {
        Ok(permit) => permit,
        Err(failure) => {
            return request.into_response(errors::answer(&failure, surface, id.as_str()));
        }
    };
    let http_request = request.request().clone();
    let refuse = |failure: &Failure| {
        ServiceResponse::new(
            http_request.clone(),
            errors::answer(failure, surface, id.as_str()),
        )
    };
    let answering = async {
        if surface.idempotent && idempotency::applies(&request) {
            idempotency::answer_once(request, next).await
        } else {
            next.call(request)
                .await
                .map(ServiceResponse::map_into_boxed_body)
        }
    };
    let answered = if surface.limits_own_time {
        answering.await
    } else {
        match time::timeout(shell.limits.time_to_answer, answering).await {
            Ok(answered) => answered,
            Err(_) => return refuse(&shell.limits.timed_out()),
        }
    };
    match answered {
        Ok(response) => match response.response().error().map(errors::failure_of) {
            Some(failure) => refuse(&failure),
            None => response,
        },
        Err(error) => refuse(&errors::failure_of(&error)),
    }
}
