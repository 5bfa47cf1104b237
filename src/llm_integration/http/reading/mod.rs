//! Our own reading of what was traced: lists by cursor with any filter, reports, and an export.

mod bodies;
mod endpoints;
mod export;
mod live;
mod report;
mod requests;
mod routes;

pub(super) use routes::routes;
