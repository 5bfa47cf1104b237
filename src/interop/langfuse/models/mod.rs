//! `/api/public/models`: the price table, as Langfuse's clients see and edit it.

mod bodies;
mod endpoints;
mod requests;

pub(super) use endpoints::routes;
