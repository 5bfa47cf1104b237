//! Forms: bodies of files, read as they come by a handler that limits their size and their time itself.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};

const FORM: &str = "multipart/form-data";

/// Whether the body is a form with files.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(FORM))
}
