//! Tests over HTTP, against the real app on port 0, on both databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold by failing"
)]

#[path = "../support/mod.rs"]
mod support;

mod authorization;
mod backends_agree;
mod gateway;
mod identity;
mod ingestion;
mod jobs;
mod langfuse_prompts;
mod migrations;
mod openapi;
mod otlp;
mod prompts;
mod reading;
mod routes;
mod routing;
mod scores;
mod shell;
mod start;
mod traces;
