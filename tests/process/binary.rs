//! Runs the built binary in a folder of its own, and always ends it.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use tempfile::TempDir;

/// A folder with a database in it, and the port for its process.
pub struct Site {
    pub folder: TempDir,
    pub port: u16,
    variables: Vec<(String, String)>,
}

impl Site {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            port: free_port(),
            variables: Vec::new(),
        }
    }

    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_app")));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("APP_SERVER__PORT", self.port.to_string())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts serving, and returns once the process is ready.
    pub fn serve(&self, arguments: &[&str]) -> Serving {
        let mut command = self.command(arguments);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let serving = Serving { child };
        let health = self.run(&["health", "--wait-for", "60s"]);
        assert!(health.status.success(), "{}", text(&health.stderr));
        serving
    }
}

/// A port that no other test of this process gets, below those that the kernel gives out itself.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 15_000;
    const RANGE: u16 = 15_000;
    let offset = u16::try_from(std::process::id() % u32::from(RANGE)).unwrap();
    loop {
        let count = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (offset + count) % RANGE;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A process that serves; killed if it was not ended.
pub struct Serving {
    child: Child,
}

impl Serving {
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for its end: the exit code, standard output and standard error.
    pub fn wait(mut self) -> (Option<i32>, String, String) {
        let mut out = String::new();
        let mut log = String::new();
        let mut errors = self.child.stderr.take().unwrap();
        let reading = std::thread::spawn(move || {
            errors.read_to_string(&mut log).unwrap();
            log
        });
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), out, reading.join().unwrap())
    }

    /// Reads the log up to the first line that contains `text`.
    pub fn read_log_until(&mut self, text: &str) {
        let mut reader = BufReader::new(self.child.stderr.as_mut().unwrap());
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(
                reader.read_line(&mut line).unwrap() > 0,
                "the log ended without {text:?}"
            );
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_reaped = self.child.wait();
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
