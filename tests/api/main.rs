//! Tests over HTTP, against the real app on port 0, on both databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold by failing"
)]

#[path = "../support/mod.rs"]
mod support;

mod annotations;
mod answers;
mod authorization;
mod backends_agree;
mod bedrock;
mod cache;
mod comments;
mod costs;
mod daily;
mod deletion;
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
mod large_bodies;
mod limits;
mod live;
mod media;
mod metrics;
mod migrations;
mod notes;
mod objects;
mod openapi;
mod otlp;
mod own_reading;
mod pipeline;
mod prices;
mod prompts;
mod providers;
mod reading;
mod reranking;
mod routes;
mod routing;
mod scores;
mod search;
mod shell;
mod start;
mod stored_responses;
mod surfaces;
mod traces;
mod vendors;
