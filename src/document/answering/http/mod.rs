//! Endpoints of asking, and of the conversations that come of it.

mod ask;
mod bodies;
mod requests;
mod routes;
mod stream;
mod threads;

pub use bodies::CitationBody;
pub use routes::routes;
