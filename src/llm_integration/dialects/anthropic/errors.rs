//! Errors, both ways.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::llm_integration::dialects::{ErrorKind, ProviderError, failure};

#[derive(Deserialize)]
struct Body {
    error: ErrorObject,
}

#[derive(Deserialize)]
pub(super) struct ErrorObject {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    message: String,
}

pub(super) fn decode(status: u16, body: &[u8]) -> ProviderError {
    match serde_json::from_slice::<Body>(body) {
        Ok(body) => of_object(body.error, status),
        Err(_) => failure::of_unknown_body(status, body),
    }
}

pub(super) fn of_object(object: ErrorObject, status: u16) -> ProviderError {
    let ErrorObject { kind, message } = object;
    let is_too_long = message.starts_with("prompt is too long");
    let known = match kind.as_str() {
        "invalid_request_error" if is_too_long => ErrorKind::ContextLength,
        "invalid_request_error" if status == 409 => ErrorKind::Conflict,
        "invalid_request_error" => ErrorKind::InvalidRequest,
        "authentication_error" => ErrorKind::Authentication,
        "billing_error" => ErrorKind::Billing,
        "permission_error" => ErrorKind::Permission,
        "not_found_error" => ErrorKind::NotFound,
        "request_too_large" => ErrorKind::TooLarge,
        "rate_limit_error" => ErrorKind::RateLimit,
        "timeout_error" => ErrorKind::Timeout,
        "overloaded_error" => ErrorKind::Overloaded,
        "api_error" => ErrorKind::Server,
        _ => ErrorKind::of_status(status),
    };
    ProviderError {
        kind: known,
        status,
        message,
        code: Some(kind).filter(|kind| !kind.is_empty()),
        param: None,
    }
}

/// The status and the body.
pub(super) fn encode(error: &ProviderError, request_id: &str) -> (u16, Bytes) {
    let mut body = body(error);
    body["request_id"] = request_id.into();
    (words(error.kind).0, Bytes::from(body.to_string()))
}

/// As bodies and streams have it.
pub(super) fn body(error: &ProviderError) -> Value {
    json!({ "type": "error", "error": { "type": words(error.kind).1, "message": error.message } })
}

/// The status and the type of each kind.
const fn words(kind: ErrorKind) -> (u16, &'static str) {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::ContextLength => (400, "invalid_request_error"),
        ErrorKind::Authentication => (401, "authentication_error"),
        ErrorKind::Billing | ErrorKind::Quota => (402, "billing_error"),
        ErrorKind::Permission => (403, "permission_error"),
        ErrorKind::NotFound => (404, "not_found_error"),
        ErrorKind::Conflict => (409, "invalid_request_error"),
        ErrorKind::TooLarge => (413, "request_too_large"),
        ErrorKind::RateLimit => (429, "rate_limit_error"),
        ErrorKind::Overloaded => (529, "overloaded_error"),
        ErrorKind::Timeout => (504, "timeout_error"),
        ErrorKind::Server => (502, "api_error"),
    }
}
