//! `app doc-sandbox`: the children in which files are read.

use std::{error::Error, io, process::ExitCode};

use crate::{
    document::extraction::{attempt_everything, become_program, read_in_sandbox},
    kernel::error_chain,
    roles::cli::DocSandboxCommand,
};

pub(super) fn run(command: &DocSandboxCommand) -> ExitCode {
    match command {
        DocSandboxCommand::Read => read_in_sandbox(),
        DocSandboxCommand::Program { order } => failed(&become_program(order)),
        DocSandboxCommand::Probe => match attempt_everything(io::stdout()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        },
    }
}

#[expect(clippy::print_stderr, reason = "the worker keeps a child's last words")]
fn failed(error: &(dyn Error + 'static)) -> ExitCode {
    eprintln!("{}", error_chain(error));
    ExitCode::FAILURE
}
