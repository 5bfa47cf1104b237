//! Traces as Langfuse's SDKs read and delete them.

mod bodies;
mod endpoints;
mod requests;

pub(super) use bodies::{Fields, TraceBody};
pub(super) use endpoints::routes;
