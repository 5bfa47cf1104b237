//! Finds out what the kernel enforces here, by a child that tries what it must not be able to do.

use std::{
    fs,
    io::{self, Read, Write},
    net::{TcpListener, UdpSocket},
    process::Command,
    thread,
};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

use super::{Child, Confinement, Enforced, Profile, Stdio, confinement::Level};
use crate::kernel::error_chain;

const MEMORY_BYTES: u64 = 256 * 1024 * 1024;
const CPU_SECONDS: u64 = 5;
/// Of what the child reports.
const REPORT_BYTES: u64 = 64 * 1024;

/// Its name, and whether it succeeds.
type Attempt = (&'static str, fn() -> bool);

/// How much of the sandbox is enforced here; found once, when the process starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxState {
    pub level: Level,
    /// What is not enforced, in words; empty when everything is.
    pub missing: Vec<String>,
}

/// What a child that was confined could still do: nothing, where everything is enforced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempts {
    pub enforced: Enforced,
    /// Each attempt, and whether it succeeded.
    pub succeeded: Vec<(String, bool)>,
}

impl SandboxState {
    fn of(attempts: &Attempts) -> Self {
        let mut missing = Vec::new();
        if attempts.enforced.landlock < Level::Full {
            missing.push(match attempts.enforced.landlock {
                Level::None => "landlock is not available".to_owned(),
                _ => "this kernel knows only a part of landlock".to_owned(),
            });
        }
        if !attempts.enforced.seccomp {
            missing.push("seccomp is not available".to_owned());
        }
        let done = attempts
            .succeeded
            .iter()
            .filter(|(_, succeeded)| *succeeded);
        missing.extend(done.map(|(attempt, _)| format!("a child could {attempt}")));
        let level = match (attempts.enforced.landlock, attempts.enforced.seccomp) {
            _ if missing.is_empty() => Level::Full,
            (Level::None, false) => Level::None,
            _ => Level::Partial,
        };
        Self { level, missing }
    }

    fn unknown(why: &str) -> Self {
        Self {
            level: Level::None,
            missing: vec![format!("the sandbox can not be tried: {why}")],
        }
    }
}

/// Has a child of `command` (`app doc-sandbox probe`) try everything.
pub async fn probe(command: Command) -> SandboxState {
    match report(command).await {
        Ok(attempts) => SandboxState::of(&attempts),
        Err(error) => SandboxState::unknown(&error.to_string()),
    }
}

async fn report(command: Command) -> io::Result<Attempts> {
    let mut child = Child::start(command, Stdio::Nothing).await?;
    let mut said = Vec::new();
    (&mut child.output)
        .take(REPORT_BYTES)
        .read_to_end(&mut said)
        .await?;
    let ended = child.ended(false).await?;
    serde_json::from_slice(&said).map_err(|error| io::Error::other(format!("{error}; {ended}")))
}

/// The child's side: confines itself as a reader does, tries, and prints what it could do.
///
/// # Errors
/// When it can not be confined, or its report not be written.
pub fn attempt_everything(mut out: impl Write) -> io::Result<()> {
    let confinement = Confinement {
        profile: Profile::Reader,
        readable: Vec::new(),
        program: None,
        memory_bytes: MEMORY_BYTES,
        cpu_seconds: CPU_SECONDS,
    };
    let enforced = confinement
        .enforce()
        .map_err(|error| io::Error::other(error_chain(&error)))?;
    let attempts: [Attempt; 7] = [
        ("read a file", || {
            let mut byte = [0];
            fs::File::open("/etc/passwd")
                .and_then(|mut file| file.read(&mut byte))
                .is_ok()
        }),
        ("list a folder", || fs::read_dir("/").is_ok()),
        ("write a file", || {
            let path = "/tmp/kaname-sandbox-probe";
            fs::File::create(path)
                .and_then(|_| fs::remove_file(path))
                .is_ok()
        }),
        ("open a socket", || {
            UdpSocket::bind(("127.0.0.1", 0)).is_ok() || TcpListener::bind(("127.0.0.1", 0)).is_ok()
        }),
        ("start a program", || {
            Command::new("/bin/true").spawn().is_ok()
        }),
        ("start a thread", || {
            thread::Builder::new().spawn(|| ()).is_ok()
        }),
        ("take more memory than it is given", || {
            let twice = usize::try_from(2 * MEMORY_BYTES).unwrap_or(usize::MAX);
            Vec::<u8>::new().try_reserve_exact(twice).is_ok()
        }),
    ];
    let report = Attempts {
        enforced,
        succeeded: attempts
            .iter()
            .map(|(name, attempt)| ((*name).to_owned(), attempt()))
            .collect(),
    };
    serde_json::to_writer(&mut out, &report)?;
    out.flush()
}
