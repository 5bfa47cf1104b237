//! Langfuse's shape of an error: its SDKs tell them apart by status and by the name in `error`.

use serde_json::{Value, json};

use crate::{
    kernel::{Category, Failure},
    platform::http::Surface,
};

/// What clients of Langfuse's public API reach us by.
pub const LANGFUSE: Surface = Surface {
    prefix: "/api/public/",
    render: langfuse_error,
    render_binary: None,
    limits_own_time: false,
    idempotent: false,
    request_id_header: None,
};

/// `{"message", "error"}`. What is wrong with a request is told in the form of its validator, a list
/// of issues; everything else by a name.
fn langfuse_error(failure: &Failure, _request_id: &str) -> Value {
    let name = match failure.category() {
        Category::Invalid | Category::Unprocessable => {
            let issue =
                json!({ "code": failure.code.name(), "message": failure.message, "path": [] });
            return json!({ "message": failure.message, "error": [issue] });
        }
        Category::Unauthenticated => "UnauthorizedError",
        Category::Forbidden => "ForbiddenError",
        Category::NotFound => "LangfuseNotFoundError",
        Category::MethodNotAllowed => "MethodNotAllowedError",
        Category::Conflict => "LangfuseConflictError",
        Category::TooLarge | Category::UriTooLong | Category::HeadersTooLarge => {
            "PayloadTooLargeError"
        }
        Category::UnsupportedMediaType | Category::RangeNotSatisfiable => "InvalidRequestError",
        Category::RateLimited => "RateLimitError",
        Category::Internal | Category::Upstream => "InternalServerError",
        Category::Unavailable | Category::Timeout => "ServiceUnavailableError",
    };
    json!({ "message": failure.message, "error": name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ErrorCode;

    #[test]
    fn sdks_find_the_name_that_they_look_for() {
        let missing = langfuse_error(&Failure::new(ErrorCode::NotFound, "no prompt"), "r1");
        assert_eq!(
            missing,
            json!({ "message": "no prompt", "error": "LangfuseNotFoundError" })
        );
        let invalid = langfuse_error(&Failure::new(ErrorCode::InvalidRequest, "bad name"), "r1");
        assert_eq!(invalid["error"][0]["message"], "bad name");
    }
}
