//! The endpoints of the gateway, of prices and of routes.

mod cache;
mod chat;
mod embeddings;
mod guardrails;
mod limits;
mod media;
mod messages;
mod models;
mod passed;
mod prices;
mod providers;
mod reading;
mod reconciliation;
mod rerank;
mod responses;
mod retention;
mod routes;
mod routing;
mod stored;

pub use media::MEDIA_TRANSFERS;
pub use routes::routes;
