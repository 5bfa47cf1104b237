//! The endpoints of the gateway and of prices.

mod cache;
mod chat;
mod guardrails;
mod models;
mod passed;
mod prices;
mod routes;

pub use routes::routes;
