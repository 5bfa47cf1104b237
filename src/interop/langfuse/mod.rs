//! Langfuse's public API (`/api/public/...`), as its SDKs use it; one file a resource.

mod prompts;
mod routes;

pub use routes::routes;
