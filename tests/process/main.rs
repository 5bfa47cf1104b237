//! The `app` binary as an operator meets it: commands, exit codes, signals, files.
#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold by failing"
)]

#[path = "../support/database.rs"]
#[expect(dead_code, reason = "shared with tests that keep files beside it")]
mod fresh_database;
#[path = "../support/pdf.rs"]
#[expect(dead_code, reason = "shared with tests that read other files")]
mod pdf;
#[path = "../support/provider.rs"]
#[expect(dead_code, reason = "shared with tests that break answers off")]
mod provider;

mod binary;
mod budget_race;
mod commands;
mod hostile;
mod lifecycle;
mod reading;
mod sandbox;
mod secrets;
mod telemetry;
