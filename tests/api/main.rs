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
mod early_ends;
