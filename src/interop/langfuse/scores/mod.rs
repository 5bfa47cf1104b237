//! Scores as Langfuse's SDKs send and read them: one object and numbered pages (generation 4), a
//! list and a cursor (generation 5).

mod bodies;
mod endpoints;
mod filters;
mod requests;
mod v3;

pub(super) use bodies::ScoreBody;
pub(super) use endpoints::routes;
pub(super) use requests::parse_one;
