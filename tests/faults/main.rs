//! Faults: what must hold when processes, Redis and the database fail at the worst moment.
//!
//! Everything runs against real databases and servers (see `scripts/services`). A process that is to
//! be killed is this test binary, started again with a task to do (see `support/child.rs`).
#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold by failing"
)]

#[path = "../support/database.rs"]
mod fresh_database;
#[path = "../support/pdf.rs"]
#[expect(dead_code, reason = "shared with tests that read other files")]
mod pdf;
#[path = "../support/provider.rs"]
#[expect(dead_code, reason = "what other tests ask of the provider")]
mod provider;

mod carriers;
mod crash_ingest;
mod documents;
mod events;
mod jobs;
mod jobs_control;
mod kills;
mod limits;
mod order;
mod outages;
mod partitions;
mod reports;
mod support;
mod traces;
mod wakeups;
