//! Errors, both ways.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::llm_integration::dialects::{ErrorKind, ProviderError, failure};

/// What an error object says; all of it may be missing, and `code` may be a number.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ErrorObject {
    message: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    param: Option<Value>,
    code: Option<Value>,
}

#[derive(Deserialize)]
struct Body {
    error: ErrorObject,
}

pub(in super::super) fn decode(status: u16, body: &[u8]) -> ProviderError {
    match serde_json::from_slice::<Body>(body) {
        Ok(body) => of_object(body.error, status),
        // Compatible servers have other forms.
        Err(_) => failure::of_unknown_body(status, body),
    }
}

/// An error in the middle of a stream.
pub(in super::super) fn decode_in_stream(error: &str) -> ProviderError {
    let object: ErrorObject = serde_json::from_str(error).unwrap_or_default();
    of_object(object, 0)
}

fn of_object(object: ErrorObject, status: u16) -> ProviderError {
    let ErrorObject {
        message,
        kind,
        param,
        code,
    } = object;
    let code = code.and_then(|code| match code {
        Value::String(code) => Some(code),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    ProviderError {
        kind: kind_of(code.as_deref(), kind.as_deref(), status),
        status,
        message: message.unwrap_or_else(|| "the provider gave no reason".to_owned()),
        code: code.or(kind),
        param: param.and_then(|param| param.as_str().map(str::to_owned)),
    }
}

fn kind_of(code: Option<&str>, kind: Option<&str>, status: u16) -> ErrorKind {
    match (code, kind) {
        (Some("context_length_exceeded" | "string_above_max_length"), _) => {
            ErrorKind::ContextLength
        }
        (Some("insufficient_quota" | "billing_hard_limit_reached"), _)
        | (_, Some("insufficient_quota")) => ErrorKind::Quota,
        (Some("invalid_api_key"), _) => ErrorKind::Authentication,
        (Some("rate_limit_exceeded"), _) => ErrorKind::RateLimit,
        (Some("model_not_found"), _) => ErrorKind::NotFound,
        (_, Some("overloaded_error")) => ErrorKind::Overloaded,
        _ if status != 0 => ErrorKind::of_status(status),
        (_, Some("invalid_request_error")) => ErrorKind::InvalidRequest,
        _ => ErrorKind::Server,
    }
}

/// The status and the body.
pub(in super::super) fn encode(error: &ProviderError) -> (u16, Bytes) {
    let (status, _, _) = words(error.kind);
    (status, Bytes::from(body(error).to_string()))
}

/// `{"error": ...}`, as bodies and streams have it.
pub(in super::super) fn body(error: &ProviderError) -> Value {
    let (_, kind, code) = words(error.kind);
    json!({ "error": {
        "message": error.message,
        "type": kind,
        "param": error.param,
        "code": code,
    } })
}

/// The status, the type and the code of each kind.
const fn words(kind: ErrorKind) -> (u16, &'static str, Option<&'static str>) {
    match kind {
        ErrorKind::InvalidRequest => (400, "invalid_request_error", None),
        ErrorKind::ContextLength => (
            400,
            "invalid_request_error",
            Some("context_length_exceeded"),
        ),
        ErrorKind::Authentication => (401, "authentication_error", Some("invalid_api_key")),
        ErrorKind::Billing | ErrorKind::Quota => {
            (429, "insufficient_quota", Some("insufficient_quota"))
        }
        ErrorKind::Permission => (403, "permission_error", None),
        ErrorKind::NotFound => (404, "invalid_request_error", Some("model_not_found")),
        ErrorKind::Conflict => (409, "invalid_request_error", None),
        ErrorKind::TooLarge => (413, "invalid_request_error", None),
        ErrorKind::RateLimit => (429, "rate_limit_error", Some("rate_limit_exceeded")),
        ErrorKind::Overloaded => (503, "server_error", Some("overloaded")),
        ErrorKind::Timeout => (504, "server_error", Some("timeout")),
        ErrorKind::Server => (502, "server_error", None),
    }
}
