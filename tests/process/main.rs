//! The `app` binary as an operator meets it: commands, exit codes, signals, files.
#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold by failing"
)]

mod binary;
mod commands;
mod lifecycle;
mod secrets;
mod telemetry;
