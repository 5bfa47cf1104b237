//! Surfaces: the APIs we speak. Each has a path prefix and its own shape of an error body.

use std::sync::Arc;

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
    /// Whether its endpoints limit their own time, as calls to models do.
    pub limits_own_time: bool,
    /// Whether `Idempotency-Key` is honoured.
    pub idempotent: bool,
}

/// Our own API, and every path that no other surface claims.
const OWN: Surface = Surface {
    prefix: "/",
    render: errors::own_shape,
    limits_own_time: false,
    idempotent: true,
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
