//! The endpoints of searching, under `/api/v1/projects/{project_id}/search`.

mod bodies;
mod endpoints;
mod evaluation;
mod reports;
mod requests;
mod routes;

pub use routes::routes;
