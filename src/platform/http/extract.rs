//! How bodies, queries and paths are read: the size limit, and errors in our own words.

use actix_web::web::{FormConfig, JsonConfig, PathConfig, PayloadConfig, QueryConfig};

use super::errors;

pub(super) fn json(limit: usize) -> JsonConfig {
    JsonConfig::default().limit(limit).error_handler(|error, _| errors::json_failure(&error).into())
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
