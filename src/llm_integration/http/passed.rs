//! Between the two HTTP libraries: a caller's headers in, a provider's answer out.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_ENCODING, HeaderValue},
    },
};

use crate::llm_integration::{Answer, AnswerBody, CallerHeaders};

pub(super) fn caller_headers(request: &HttpRequest) -> CallerHeaders {
    let readable = |value: &HeaderValue| value.to_str().map(str::to_owned).ok();
    let headers: Vec<_> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), readable(value)?)))
        .collect();
    CallerHeaders::of(headers.iter().map(|(name, value)| (*name, value.as_str())))
}

pub(super) fn response(answer: Answer) -> HttpResponse {
    let Answer {
        status,
        headers,
        about,
        body,
    } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponse::build(status);
    for (name, value) in &headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    for (name, value) in &about {
        response.insert_header((*name, value.as_str()));
    }
    // Bytes pass as they are; compression would also hold events back until it has enough of them.
    response.insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")));
    match body {
        AnswerBody::Whole(bytes) => response.body(bytes),
        AnswerBody::Stream(stream) => {
            response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")));
            response.streaming(stream)
        }
    }
}
