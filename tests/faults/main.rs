//! Faults: what must hold when processes, Redis and the database fail at the worst moment.
//!
//! Everything runs against real databases and servers. SQLite always; PostgreSQL and Redis where
//! `scripts/services` gives their addresses. A process that is to be killed is this test binary,
//! started again with a task to do (see `support/child.rs`).

mod events;
mod jobs;
mod kills;
mod support;
