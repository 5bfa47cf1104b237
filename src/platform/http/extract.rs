//! How bodies, queries and paths are read: the size limit, ids, and errors in our own words.

use actix_web::web::{FormConfig, JsonConfig, PathConfig, PayloadConfig, QueryConfig};

use super::errors;
use crate::kernel::{ErrorCode, Failure, Id};

pub(super) fn json(limit: usize) -> JsonConfig {
    JsonConfig::default()
        .limit(limit)
        .error_handler(|error, _| errors::json_failure(&error).into())
}

pub(super) fn payload(limit: usize) -> PayloadConfig {
    PayloadConfig::new(limit)
}

pub(super) fn form(limit: usize) -> FormConfig {
    FormConfig::default().limit(limit)
}

pub(super) fn query() -> QueryConfig {
    QueryConfig::default().error_handler(|error, _| errors::query_failure(&error).into())
}

pub(super) fn path() -> PathConfig {
    PathConfig::default().error_handler(|error, _| errors::path_failure(&error).into())
}

/// An id in a path; text that is no id names nothing.
///
/// # Errors
/// `not_found`, naming `what` was looked for.
pub fn path_id<T: ?Sized>(what: &str, text: &str) -> Result<Id<T>, Failure> {
    text.parse().map_err(|_| {
        Failure::new(
            ErrorCode::NotFound,
            format!("no {what} `{text}` in this project"),
        )
    })
}
