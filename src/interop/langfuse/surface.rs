//! Langfuse's API as a surface of this server: its paths, and its shape of an error.

use serde_json::{Value, json};

use crate::{
    kernel::{Category, Failure},
    platform::http::Surface,
};

/// What clients of Langfuse's API reach us by.
pub const LANGFUSE: Surface = Surface {
    prefix: "/api/public/",
    render: langfuse_error,
    limits_own_time: false,
    idempotent: false,
};

/// The SDKs know a missing row by the name `LangfuseNotFoundError`.
fn langfuse_error(failure: &Failure, _request_id: &str) -> Value {
    let error = match failure.category() {
        Category::NotFound => "LangfuseNotFoundError",
        Category::Unauthenticated => "UnauthorizedError",
        Category::Forbidden => "ForbiddenError",
        Category::MethodNotAllowed => "MethodNotAllowedError",
        Category::Conflict => "LangfuseConflictError",
        Category::RateLimited => "TooManyRequestsError",
        Category::Internal | Category::Upstream | Category::Unavailable | Category::Timeout => {
            "InternalServerError"
        }
        Category::Invalid
        | Category::TooLarge
        | Category::UriTooLong
        | Category::UnsupportedMediaType
        | Category::Unprocessable
        | Category::HeadersTooLarge => "InvalidRequestError",
    };
    json!({ "message": failure.message, "error": error })
}
