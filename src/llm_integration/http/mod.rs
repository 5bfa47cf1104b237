//! The endpoints of the gateway and of prices.

mod chat;
mod models;
mod passed;
mod prices;
mod reading;
mod routes;

pub use routes::routes;
