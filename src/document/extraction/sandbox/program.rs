//! Becoming a program of somebody else: the child takes its rights away from itself, then hands itself over.

use std::{
    io,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::Command,
};

use clap::Args;

use super::{Confinement, Profile};
use crate::kernel::error_chain;

/// Set by whoever starts the program; the environment of the worker never reaches it.
const LOCALE: (&str, &str) = ("LC_ALL", "C.UTF-8");
/// More threads would be refused.
const ONE_THREAD: (&str, &str) = ("OMP_THREAD_LIMIT", "1");

/// `app doc-sandbox program`: given by the worker.
#[derive(Clone, Debug, Args)]
pub struct ProgramArguments {
    #[arg(long)]
    pub memory_bytes: u64,
    #[arg(long)]
    pub cpu_seconds: u64,
    /// A file or folder that the program may read; repeat it.
    #[arg(long = "read")]
    pub readable: Vec<PathBuf>,
    pub program: PathBuf,
    #[arg(last = true)]
    pub arguments: Vec<String>,
}

impl ProgramArguments {
    /// The command line that [`become_program`] gets on the other side, after `app doc-sandbox program`.
    pub fn to_words(&self) -> Vec<std::ffi::OsString> {
        let Self {
            memory_bytes,
            cpu_seconds,
            readable,
            program,
            arguments,
        } = self;
        let mut words = vec![
            format!("--memory-bytes={memory_bytes}").into(),
            format!("--cpu-seconds={cpu_seconds}").into(),
        ];
        for path in readable {
            words.push("--read".into());
            words.push(path.clone().into());
        }
        words.push(program.clone().into());
        words.push("--".into());
        words.extend(arguments.iter().map(Into::into));
        words
    }
}

/// Returns only when it failed.
pub fn become_program(asked: ProgramArguments) -> io::Error {
    let confinement = Confinement {
        profile: Profile::Program,
        readable: asked.readable,
        program: Some(asked.program.clone()),
        memory_bytes: asked.memory_bytes,
        cpu_seconds: asked.cpu_seconds,
    };
    if let Err(error) = confinement.enforce() {
        return io::Error::other(error_chain(&error).to_string());
    }
    Command::new(asked.program)
        .args(asked.arguments)
        .env_clear()
        .envs([LOCALE, ONE_THREAD])
        .exec()
}
