//! From a [`Failure`] to an answer: the shape of our own API, and the log line of what went wrong.

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    error::{Error, JsonPayloadError, PathError, QueryPayloadError},
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{RenderBinary, Surface};
use crate::kernel::{Category, ErrorCode, Failure};

/// The wait to the millisecond, as the SDKs of OpenAI and Anthropic read it.
const RETRY_AFTER_MS: &str = "retry-after-ms";

/// The body of every error of our own API.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable and in snake_case: what programs match on.
    pub code: String,
    /// For a person: what is wrong and what would be right.
    pub message: String,
    /// Facts that belong to the code; absent when there are none.
    pub details: Option<Value>,
    /// Finds the request in the server's log.
    pub request_id: String,
}

pub(super) fn own_shape(failure: &Failure, request_id: &str) -> Value {
    let mut error = json!({ "code": failure.code.name(), "message": failure.message });
    if !failure.details.is_null() {
        error["details"] = failure.details.clone();
    }
    error["request_id"] = request_id.into();
    json!({ "error": error })
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.category().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Only carries the failure to the shell, which writes the body in the surface's shape.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// Any error of the web framework as a failure; ours stays what it is.
pub(super) fn failure_of(error: &Error) -> Failure {
    if let Some(failure) = error.as_error::<Failure>() {
        return failure.clone();
    }
    let status = error.as_response_error().status_code();
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType,
        status if status.is_client_error() => ErrorCode::InvalidRequest,
        _ => {
            return Failure::internal(Opaque(error.to_string()));
        }
    };
    Failure::new(code, error.to_string())
}

/// The text of an error that can not be kept itself.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Opaque(String);

pub(super) fn json_failure(error: &JsonPayloadError) -> Failure {
    match error {
        JsonPayloadError::OverflowKnownLength { length, limit } => Failure::new(
            ErrorCode::PayloadTooLarge,
            format!("the body is {length} bytes; the limit is {limit} bytes"),
        ),
        JsonPayloadError::Overflow { limit } => Failure::new(
            ErrorCode::PayloadTooLarge,
            format!("the body is larger than the limit of {limit} bytes"),
        ),
        JsonPayloadError::ContentType => Failure::new(
            ErrorCode::UnsupportedMediaType,
            "the body must be JSON, with the header `Content-Type: application/json`",
        ),
        JsonPayloadError::Deserialize(error) => Failure::new(
            ErrorCode::InvalidRequest,
            format!("the JSON body is not as expected: {error}"),
        ),
        other => Failure::new(
            ErrorCode::InvalidRequest,
            format!("the body can not be read: {other}"),
        ),
    }
}

pub(super) fn query_failure(error: &QueryPayloadError) -> Failure {
    Failure::new(
        ErrorCode::InvalidRequest,
        format!("the query string is not as expected: {error}"),
    )
}

pub(super) fn path_failure(error: &PathError) -> Failure {
    Failure::new(ErrorCode::NotFound, format!("no such path: {error}"))
}

/// The answer that tells `failure` in the shape of `surface`, and the one log line about it.
pub(super) fn answer(
    failure: &Failure,
    surface: &Surface,
    binary: Option<RenderBinary>,
    request_id: &str,
) -> HttpResponse {
    log(failure);
    let mut builder: HttpResponseBuilder = HttpResponse::build(failure.status_code());
    if let Some(wait) = failure.retry_after {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        builder.insert_header((RETRY_AFTER, seconds.to_string()));
        builder.insert_header((RETRY_AFTER_MS, wait.as_millis().max(1).to_string()));
    }
    for (name, value) in &failure.headers {
        builder.insert_header((*name, value.as_str()));
    }
    if failure.category() == Category::Unauthenticated {
        builder.insert_header(("www-authenticate", "Basic realm=\"kaname\", Bearer"));
    }
    match binary {
        Some(binary) => builder
            .content_type(binary.content_type)
            .body((binary.render)(failure)),
        None => builder.json((surface.render)(failure, request_id)),
    }
}

fn log(failure: &Failure) {
    let code = failure.code.name();
    let causes = failure.causes();
    match failure.category() {
        Category::Internal => tracing::error!(code, causes, "{failure}"),
        Category::Unavailable | Category::Upstream | Category::Timeout => {
            tracing::warn!(code, causes, "{failure}");
        }
        _ => tracing::debug!(code, causes, "{failure}"),
    }
}
