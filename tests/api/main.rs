//! Tests over HTTP, against the real app on port 0, on both databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold by failing"
)]

#[path = "../support/mod.rs"]
mod support;

mod authorization;
mod backends_agree;
mod bedrock;
mod costs;
mod documents;
mod early_ends;
mod embeddings;
mod gateway;
mod guardrails;
mod identity;
mod inference;
mod ingestion;
mod jobs;
mod langfuse_prompts;
mod limits;
mod metrics;
mod migrations;
mod openapi;
mod otlp;
mod own_reading;
mod pipeline;
mod prices;
mod prompts;
mod providers;
mod reading;
mod routes;
mod routing;
mod scores;
mod search;
mod shell;
mod start;
mod surfaces;
mod traces;
mod vendors;
