//! The endpoints of the gateway, of prices and of routes.

mod chat;
mod limits;
mod models;
mod passed;
mod prices;
mod routes;
mod routing;

pub use routes::routes;
