//! The endpoints of the gateway, of prices and of routes.

mod chat;
mod embeddings;
mod models;
mod passed;
mod prices;
mod providers;
mod routes;
mod routing;

pub use routes::routes;
