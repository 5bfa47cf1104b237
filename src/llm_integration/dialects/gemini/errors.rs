//! Errors of Google's APIs.

use serde::Deserialize;

use crate::llm_integration::dialects::{ErrorKind, ProviderError, failure};

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    One {
        error: ErrorObject,
    },
    /// A stream that was refused answers a list.
    Several(Vec<Entry>),
}

#[derive(Deserialize)]
struct Entry {
    error: ErrorObject,
}

#[derive(Deserialize)]
pub(super) struct ErrorObject {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: String,
}

pub(super) fn decode(status: u16, body: &[u8]) -> ProviderError {
    let object = match serde_json::from_slice(body) {
        Ok(Body::One { error }) => Some(error),
        Ok(Body::Several(entries)) => entries.into_iter().next().map(|entry| entry.error),
        Err(_) => None,
    };
    match object {
        Some(object) => of_object(object, status),
        None => failure::of_unknown_body(status, body),
    }
}

pub(super) fn of_object(object: ErrorObject, status: u16) -> ProviderError {
    let ErrorObject {
        code,
        message,
        status: word,
    } = object;
    let kind = match word.as_str() {
        "INVALID_ARGUMENT" if message.contains("API key") => ErrorKind::Authentication,
        "INVALID_ARGUMENT" if message.contains("maximum number of tokens") => {
            ErrorKind::ContextLength
        }
        "FAILED_PRECONDITION" if message.contains("billing") => ErrorKind::Billing,
        "INVALID_ARGUMENT" | "OUT_OF_RANGE" | "FAILED_PRECONDITION" => ErrorKind::InvalidRequest,
        "UNAUTHENTICATED" => ErrorKind::Authentication,
        "PERMISSION_DENIED" => ErrorKind::Permission,
        "NOT_FOUND" => ErrorKind::NotFound,
        "RESOURCE_EXHAUSTED" => ErrorKind::RateLimit,
        "ABORTED" | "ALREADY_EXISTS" => ErrorKind::Conflict,
        "UNAVAILABLE" => ErrorKind::Overloaded,
        "DEADLINE_EXCEEDED" | "CANCELLED" => ErrorKind::Timeout,
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" => ErrorKind::Server,
        _ => ErrorKind::of_status(if status == 0 { code } else { status }),
    };
    ProviderError {
        kind,
        status,
        message,
        code: Some(word).filter(|word| !word.is_empty()),
        param: None,
    }
}
