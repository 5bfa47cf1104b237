//! One id for each request: taken from the caller when it is sane, sent back, and in every log line.

use std::fmt;

use actix_web::http::header::HeaderMap;

use crate::kernel::{Clock, Id};

pub(super) const HEADER: &str = "x-request-id";
const MAX_LENGTH: usize = 128;

/// The id of the request being answered.
#[derive(Debug)]
pub(super) struct RequestId(String);

enum RequestMarker {}

impl RequestId {
    /// The caller's id, if it is at most [`MAX_LENGTH`] visible ASCII characters; else a new one.
    pub fn of(headers: &HeaderMap, clock: &Clock) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        let sane = |id: &&str| {
            (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
        };
        given
            .filter(sane)
            .map_or_else(|| Self::new(clock), |id| Self(id.to_owned()))
    }

    fn new(clock: &Clock) -> Self {
        let id: Id<RequestMarker> = clock.new_id();
        Self(id.as_uuid().simple().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
