//! Langfuse's public API (`/api/public/...`), as its SDKs use it; one file a resource.

mod comments;
mod daily;
mod errors;
mod ingestion;
mod llm_connections;
mod media;
mod metrics;
mod models;
mod observations;
mod paging;
mod project;
mod prompts;
mod query;
mod routes;
mod score_configs;
mod scores;
mod sessions;
mod traces;

pub use errors::LANGFUSE;
pub use ingestion::Batches;
pub(in crate::interop) use ingestion::usage_details;
pub use routes::routes;
