//! A child as the worker holds it: its streams, its end, and its certain death.

use std::{
    fmt, io,
    os::{fd::OwnedFd, unix::net::UnixStream as Pair, unix::process::ExitStatusExt},
    process::{self, Command, ExitStatus},
};

use tokio::{io::AsyncReadExt, net::UnixStream, runtime::Handle, task::JoinHandle};

use super::spawner;

/// The end of what a child said on its standard error is kept for the log and for telling why it ended.
const LAST_WORDS_BYTES: usize = 4 * 1024;
/// What Rust and C++ say when memory ran out.
const OUT_OF_MEMORY: &[&str] = &[
    "memory allocation of",
    "bad_alloc",
    "Out of memory",
    "out of memory",
];

/// The standard input of a child.
pub enum Stdio {
    Nothing,
    /// A file that it reads.
    File(std::fs::File),
    /// A stream that the worker writes into.
    Stream,
}

/// A process with its streams.
pub struct Child {
    process: Process,
    /// Its standard input, where that is a stream.
    pub input: Option<UnixStream>,
    /// Its standard output; a child that knows it may also read answers from it.
    pub output: UnixStream,
}

/// A process that is killed when this is dropped.
pub struct Process {
    process: Option<process::Child>,
    last_words: JoinHandle<Vec<u8>>,
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    status: ExitStatus,
    last_words: String,
}

impl Child {
    /// # Errors
    /// When no process can be started.
    pub async fn start(mut command: Command, input: Stdio) -> io::Result<Self> {
        let (output, theirs) = pair()?;
        let (words, their_words) = pair()?;
        let input = match input {
            Stdio::Nothing => {
                command.stdin(process::Stdio::null());
                None
            }
            Stdio::File(file) => {
                command.stdin(file);
                None
            }
            Stdio::Stream => {
                let (input, theirs) = pair()?;
                command.stdin(OwnedFd::from(theirs));
                Some(input)
            }
        };
        command
            .stdout(OwnedFd::from(theirs))
            .stderr(OwnedFd::from(their_words));
        let process = spawner::start(command).await?;
        Ok(Self {
            process: Process {
                process: Some(process),
                last_words: tokio::spawn(last_words(words)),
            },
            input,
            output,
        })
    }

    /// The process, and its standard output to be read on its own.
    pub fn into_parts(self) -> (Process, UnixStream) {
        (self.process, self.output)
    }

    /// See [`Process::ended`].
    pub async fn ended(self, kill: bool) -> io::Result<Ended> {
        self.process.ended(kill).await
    }
}

impl Process {
    /// Waits until it has ended; whoever calls has seen the end of its output, or kills it.
    pub async fn ended(mut self, kill: bool) -> io::Result<Ended> {
        let Some(mut process) = self.process.take() else {
            return Err(io::Error::other("the child was waited for twice"));
        };
        let status = tokio::task::spawn_blocking(move || {
            if kill {
                process.kill()?;
            }
            process.wait()
        });
        let status = status.await.map_err(io::Error::other)??;
        let last_words = (&mut self.last_words).await.map_err(io::Error::other)?;
        Ok(Ended {
            status,
            last_words: String::from_utf8_lossy(&last_words).into_owned(),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // A killed child is gone at once, but its end must be taken note of, or it stays in the table of processes.
        if let Err(error) = process.kill() {
            tracing::warn!(%error, "a child can not be killed");
        }
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || process.wait())),
            Err(_) => drop(process.wait()),
        }
    }
}

impl Ended {
    pub fn is_success(&self) -> bool {
        self.status.success()
    }

    /// Whether it said that it got no more memory.
    pub fn for_want_of_memory(&self) -> bool {
        OUT_OF_MEMORY
            .iter()
            .any(|words| self.last_words.contains(words))
    }

    /// The last line that it wrote for people.
    pub fn last_line(&self) -> Option<&str> {
        self.last_words
            .lines()
            .rev()
            .map(str::trim)
            .find(|line| !line.is_empty())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status.signal(), self.status.code()) {
            (Some(signal), _) => write!(f, "ended by signal {signal}")?,
            (None, Some(code)) => write!(f, "exit code {code}")?,
            (None, None) => f.write_str("ended without a status")?,
        }
        match self.last_line() {
            Some(line) => write!(f, " ({line})"),
            None => Ok(()),
        }
    }
}

/// Both ends of a stream: ours for the runtime, theirs to be inherited.
fn pair() -> io::Result<(UnixStream, Pair)> {
    let (ours, theirs) = Pair::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, theirs))
}

async fn last_words(mut words: UnixStream) -> Vec<u8> {
    let mut last = Vec::new();
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = words.read(&mut piece).await {
        last.extend_from_slice(&piece[..read]);
        let too_many = last.len().saturating_sub(LAST_WORDS_BYTES);
        last.drain(..too_many);
    }
    last
}
