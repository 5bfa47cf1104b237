//! Technical IO that every context stands on: configuration, databases, jobs, events, HTTP.
//! It knows no context.

pub mod background;
pub mod bus;
pub mod config;
pub mod db;
mod error_text;
pub mod events;
pub mod health;
pub mod http;
pub mod jobs;
pub mod lifecycle;
pub mod objects;
pub mod outbox;
pub mod redis;
pub mod remembered;
pub mod secret_file;
pub mod sizing;
pub mod storage;
pub mod telemetry;
pub mod tls;
pub mod wakeup;
pub mod wal;
