//! The endpoints of documents, under `/api/v1/projects/{project_id}`.

mod bibliography;
mod bodies;
mod content;
mod form;
mod manage;
mod pages;
mod progress;
mod read;
mod requests;
mod routes;
mod upload;

pub use routes::routes;
