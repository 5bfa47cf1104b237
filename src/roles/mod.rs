//! The composition root: the only place that may name everything. One file a role, one signature.
//!
//! A role adds its tasks to the process's [`Lifecycle`](crate::platform::lifecycle::Lifecycle) and its
//! endpoints to the one HTTP server, which every process has for its probes and metrics.

mod api;
mod cli;
mod command;
mod documents;
mod event_processor;
mod gauges;
mod migrate;
mod parts;
mod process;
mod readers;
mod role;
mod settings;
mod subscriptions;
mod worker;

pub use api::openapi_document;
pub use cli::Cli;
pub use command::{Fatal, run};
pub use process::{Process, StartError};
pub use role::Role;
pub use settings::Settings;
