//! Endpoints of annotations.

mod bodies;
mod endpoints;
mod requests;
mod routes;

pub use routes::routes;
