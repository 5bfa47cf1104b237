//! Technical IO that every context stands on: configuration, databases, jobs, events, HTTP.
//! It knows no context.

pub mod config;
pub mod db;
pub mod health;
pub mod http;
pub mod lifecycle;
pub mod sizing;
pub mod telemetry;
pub mod tls;
pub mod wakeup;
