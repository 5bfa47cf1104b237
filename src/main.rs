//! The `app` binary: reads the command line, and leaves the rest to the library.

use std::process::ExitCode;

use clap::Parser;
use kaname::roles::{Cli, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run(Cli::parse())
}
