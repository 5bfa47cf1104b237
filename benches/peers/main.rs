//! What `scripts/bench-peers` measures with: a provider that answers at a fixed speed, and load whose latencies count
//! from when a request was due, so that a stalled server can not slow its own measurement down.

mod clock;
mod connection;
mod load;
mod mock;
mod spans;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(about = "The mock provider and the load of `make bench-peers`")]
enum Command {
    /// Answers chat completions like OpenAI, after a fixed time.
    Mock(mock::Mock),
    /// Sends chat completions at a fixed rate and prints latencies as one line of JSON.
    Load(load::Load),
    /// Sends OTLP spans as fast as they are accepted and prints how many were, as one line of JSON.
    Spans(spans::Spans),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // `cargo test --benches` and `cargo bench` run every bench; without a subcommand there is nothing to measure.
    if std::env::args().all(|argument| argument.starts_with("--")) || std::env::args().len() == 1 {
        return ExitCode::SUCCESS;
    }
    let done = match Command::parse() {
        Command::Mock(mock) => mock.serve().await,
        Command::Load(load) => load.run().await,
        Command::Spans(spans) => spans.run().await,
    };
    if let Err(error) = done {
        eprintln!("peers: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
