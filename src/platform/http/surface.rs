//! Surfaces: the APIs we speak. Each has a path prefix and its own shape of an error body.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use super::errors;
use crate::kernel::Failure;

/// One API that clients know us by.
#[derive(Clone, Copy)]
pub struct Surface {
    /// Paths that begin with it belong to the surface; the longest prefix wins.
    pub prefix: &'static str,
    /// The body of an error answer.
    pub render: fn(&Failure, request_id: &str) -> Value,
    /// The same for requests in an encoding that is not JSON.
    pub render_binary: Option<RenderBinary>,
    /// Whether its endpoints limit their own time, as calls to models do.
    pub limits_own_time: bool,
    /// Whether `Idempotency-Key` is honoured.
    pub idempotent: bool,
    /// The header beside `x-request-id` that its clients read the request's id from. An answer that
    /// brings it along, such as a provider's, keeps its own.
    pub request_id_header: Option<&'static str>,
}

/// How errors are told to those who speak a binary encoding.
#[derive(Clone, Copy)]
pub struct RenderBinary {
    /// Of the request, and so of the answer.
    pub content_type: &'static str,
    pub render: fn(&Failure) -> Vec<u8>,
}

/// Our own API, and every path that no other surface claims.
const OWN: Surface = Surface {
    prefix: "/",
    render: errors::own_shape,
    render_binary: None,
    limits_own_time: false,
    idempotent: true,
    request_id_header: None,
};

/// All surfaces of this server. Cheap to clone.
#[derive(Clone)]
pub struct Surfaces(Arc<[Surface]>);

impl Surfaces {
    /// `foreign` are the surfaces beside our own.
    pub fn new(foreign: &[Surface]) -> Self {
        let mut all = foreign.to_vec();
        all.sort_by_key(|surface| std::cmp::Reverse(surface.prefix.len()));
        all.push(OWN);
        Self(all.into())
    }

    pub fn of(&self, path: &str) -> &Surface {
        self.0
            .iter()
            .find(|surface| path.starts_with(surface.prefix))
            .unwrap_or(&OWN)
    }
}

impl Surface {
    /// A part of our own API whose endpoints limit their own time.
    pub const fn own(prefix: &'static str) -> Self {
        Self {
            prefix,
            limits_own_time: true,
            idempotent: false,
            ..OWN
        }
    }

    /// The binary encoding, if the request came in it.
    pub(super) fn binary_of(&self, headers: &HeaderMap) -> Option<RenderBinary> {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next()?.trim();
        self.render_binary
            .filter(|binary| media_type.eq_ignore_ascii_case(binary.content_type))
    }
}
