//! The endpoints of prompts under `/api/v1`. A name is one segment of the path, its `/` written
//! as `%2F`.

mod bodies;
mod labels;
mod manage;
mod read;
mod requests;
mod routes;

pub use routes::routes;
