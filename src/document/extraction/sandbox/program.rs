//! Becoming a program of somebody else: the child takes its rights away from itself, then hands itself over.

use std::{io, os::unix::process::CommandExt, path::PathBuf, process::Command};

use serde::{Deserialize, Serialize};

use super::{Confinement, Profile};
use crate::kernel::error_chain;

/// All of its environment, beside what the order adds.
const LOCALE: (&str, &str) = ("LC_ALL", "C.UTF-8");

/// What the worker wants to be run, as the child's only argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramOrder {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub variables: Vec<(String, String)>,
    /// Files, and folders with all below them, that the program may read.
    pub readable: Vec<PathBuf>,
    pub memory_bytes: u64,
    pub cpu_seconds: u64,
}

/// `app doc-sandbox program ORDER`. Returns only when it failed.
pub fn become_program(order: &str) -> io::Error {
    match prepare(order) {
        Ok(mut command) => command.exec(),
        Err(error) => error,
    }
}

fn prepare(order: &str) -> io::Result<Command> {
    let order: ProgramOrder = serde_json::from_str(order)?;
    let confinement = Confinement {
        profile: Profile::Program,
        readable: order.readable,
        program: Some(order.program.clone()),
        memory_bytes: order.memory_bytes,
        cpu_seconds: order.cpu_seconds,
    };
    let enforced = confinement.enforce();
    enforced.map_err(|error| io::Error::other(error_chain(&error)))?;
    let mut command = Command::new(order.program);
    command
        .args(order.arguments)
        .env_clear()
        .envs([LOCALE])
        .envs(order.variables);
    Ok(command)
}
