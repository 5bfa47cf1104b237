//! OpenAI's and Anthropic's APIs as surfaces of this server: their paths, and their shapes of an error.

use serde_json::{Value, json};

use crate::{
    kernel::{Category, ErrorCode, Failure},
    platform::http::Surface,
};

/// What clients of OpenAI's API reach us by.
pub const OPENAI: Surface = Surface {
    prefix: "/v1/",
    render: openai_error,
    render_binary: None,
    limits_own_time: true,
    idempotent: false,
    request_id_header: None,
};

/// What clients of Anthropic's API reach us by.
pub const ANTHROPIC: Surface = Surface {
    prefix: "/v1/messages",
    render: anthropic_error,
    render_binary: None,
    limits_own_time: true,
    idempotent: false,
    request_id_header: Some("request-id"),
};

/// An error as OpenAI's SDKs read it. The request id is in the answer's `x-request-id`.
pub(super) fn openai_error(failure: &Failure, _request_id: &str) -> Value {
    let kind = match failure.category() {
        Category::Invalid
        | Category::MethodNotAllowed
        | Category::Conflict
        | Category::TooLarge
        | Category::UriTooLong
        | Category::UnsupportedMediaType
        | Category::RangeNotSatisfiable
        | Category::Unprocessable
        | Category::HeadersTooLarge
        | Category::NotFound => "invalid_request_error",
        Category::Unauthenticated => "authentication_error",
        Category::Forbidden => "permission_error",
        Category::RateLimited => match (failure.code, failure.details["unit"].as_str()) {
            (ErrorCode::InsufficientQuota, _) => "insufficient_quota",
            (ErrorCode::RateLimitExceeded, Some("tokens")) => "tokens",
            (ErrorCode::RateLimitExceeded, _) => "requests",
            _ => "rate_limit_error",
        },
        Category::Internal | Category::Unavailable => "server_error",
        Category::Upstream | Category::Timeout => "api_error",
    };
    json!({ "error": {
        "message": failure.message, "type": kind, "param": null, "code": failure.code.name(),
    } })
}

/// An error as Anthropic's SDKs read it.
fn anthropic_error(failure: &Failure, request_id: &str) -> Value {
    let kind = match failure.category() {
        Category::Invalid
        | Category::MethodNotAllowed
        | Category::Conflict
        | Category::UriTooLong
        | Category::UnsupportedMediaType
        | Category::RangeNotSatisfiable
        | Category::Unprocessable
        | Category::HeadersTooLarge => "invalid_request_error",
        Category::TooLarge => "request_too_large",
        Category::NotFound => "not_found_error",
        Category::Unauthenticated => "authentication_error",
        Category::Forbidden => "permission_error",
        Category::RateLimited => match failure.code {
            ErrorCode::InsufficientQuota => "billing_error",
            _ => "rate_limit_error",
        },
        Category::Unavailable => "overloaded_error",
        Category::Timeout => "timeout_error",
        Category::Internal | Category::Upstream => "api_error",
    };
    json!({
        "type": "error",
        "error": { "type": kind, "message": failure.message },
        "request_id": request_id,
    })
}
