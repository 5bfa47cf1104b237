//! OpenAI's API as a surface of this server: its paths, and its shape of an error.

use serde_json::{Value, json};

use crate::{
    kernel::{Category, Failure},
    platform::http::Surface,
};

/// What clients of OpenAI's API reach us by.
pub const OPENAI: Surface = Surface {
    prefix: "/v1/",
    render: openai_error,
    render_binary: None,
    limits_own_time: true,
    idempotent: false,
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
        | Category::Unprocessable
        | Category::HeadersTooLarge
        | Category::NotFound => "invalid_request_error",
        Category::Unauthenticated => "authentication_error",
        Category::Forbidden => "permission_error",
        Category::RateLimited => "rate_limit_error",
        Category::Internal | Category::Unavailable => "server_error",
        Category::Upstream | Category::Timeout => "api_error",
    };
    json!({ "error": {
        "message": failure.message, "type": kind, "param": null, "code": failure.code.name(),
    } })
}
