//! Takes rights away from this process, for good: files by landlock, system calls by seccomp, amounts by rlimits.

use std::{fs, path::PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::{
    io::Errno,
    process::{
        DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior,
        set_parent_process_death_signal, setrlimit,
    },
};
use serde::{Deserialize, Serialize};

use super::syscalls;

/// What is asked of landlock: files, TCP, and signals and abstract sockets out of the sandbox.
const LANDLOCK: ABI = ABI::V6;
/// Open files, the standard ones included.
const OPEN_FILES: u64 = 64;
/// Programs are found through their loader, which is executed too.
const LOADERS: &[&str] = &[
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];
/// What the loader of programs reads, and what programs take for granted.
const LIBRARIES: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
];

/// What a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Our own code and what it has linked: it starts nothing, and writes no code.
    Reader,
    /// It becomes one other program.
    Program,
}

/// What is left to a child.
#[derive(Clone, Debug)]
pub struct Confinement {
    pub profile: Profile,
    /// Files, and folders with all below them, that it may read beside what it holds open.
    pub readable: Vec<PathBuf>,
    /// The program that it may become.
    pub program: Option<PathBuf>,
    pub memory_bytes: u64,
    pub cpu_seconds: u64,
}

/// How much of it the kernel keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforced {
    pub landlock: Level,
    pub seccomp: bool,
}

/// How much of something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    None,
    Partial,
    Full,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfinementError {
    #[error("a limit can not be set")]
    Limit(#[from] Errno),
    #[error("landlock refuses the rules")]
    Landlock(#[from] RulesetError),
    #[error("this process can not tell how much memory it has mapped")]
    Mapped,
}

impl Confinement {
    /// Applies everything to this process, which must have one thread. What the kernel does not know is left out and
    /// told.
    ///
    /// # Errors
    /// When something that the kernel does know could not be applied: then the child must not go on.
    pub fn enforce(&self) -> Result<Enforced, ConfinementError> {
        // Ends with the worker, and nobody looks into its memory.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
        self.limit_amounts()?;
        let landlock = self.restrict_files()?;
        let seccomp = syscalls::filter(self.profile)
            .is_ok_and(|filter| seccompiler::apply_filter(&filter).is_ok());
        Ok(Enforced { landlock, seccomp })
    }

    fn limit_amounts(&self) -> Result<(), ConfinementError> {
        // A program starts with an empty memory, a reader with its own.
        let mapped = match self.profile {
            Profile::Reader => mapped_bytes().ok_or(ConfinementError::Mapped)?,
            Profile::Program => 0,
        };
        let limits = [
            (Resource::As, mapped + self.memory_bytes),
            (Resource::Cpu, self.cpu_seconds),
            (Resource::Fsize, 0),
            (Resource::Core, 0),
            (Resource::Nofile, OPEN_FILES),
            (Resource::Nproc, 0),
            (Resource::Memlock, 0),
            (Resource::Msgqueue, 0),
        ];
        for (resource, most) in limits {
            let limit = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            setrlimit(resource, limit)?;
        }
        Ok(())
    }

    fn restrict_files(&self) -> Result<Level, ConfinementError> {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .handle_access(AccessNet::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()?
            .add_rules(path_beneath_rules(&self.readable, read))?;
        if let Some(program) = &self.program {
            rules = rules
                .add_rules(path_beneath_rules(LIBRARIES, read))?
                .add_rules(path_beneath_rules(
                    LOADERS,
                    AccessFs::Execute | AccessFs::ReadFile,
                ))?
                .add_rules(path_beneath_rules(
                    [program],
                    AccessFs::Execute | AccessFs::ReadFile,
                ))?;
        }
        Ok(match rules.restrict_self()?.ruleset {
            RulesetStatus::FullyEnforced => Level::Full,
            RulesetStatus::PartiallyEnforced => Level::Partial,
            RulesetStatus::NotEnforced => Level::None,
        })
    }
}

/// What this process has mapped, code and all.
fn mapped_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
