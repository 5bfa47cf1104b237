//! The endpoints of the gateway and of prices.

mod chat;
mod limits;
mod models;
mod passed;
mod prices;
mod routes;

pub use routes::routes;
