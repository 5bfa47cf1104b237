//! A PostgreSQL server that a test may stop.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use super::Database;
use crate::fresh_database::service;

pub struct PostgresServer {
    folder: tempfile::TempDir,
    port: u16,
}

impl PostgresServer {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let folder = tempfile::tempdir().unwrap();
        let server = Self { folder, port };
        if let Some(user) = user() {
            run(Command::new("chown").arg(user).arg(server.folder.path()));
        }
        let data = server.data();
        run(program("initdb").args([
            "--auth",
            "trust",
            "--username",
            "postgres",
            "--no-sync",
            "-D",
            &data,
        ]));
        server.resume();
        server
    }

    /// Starts the server on the data it had, and waits until it answers.
    pub fn resume(&self) {
        let folder = self.folder.path().display();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}",
            self.port
        );
        let log = format!("{folder}/log");
        run(program("pg_ctl").args([
            "start",
            "-w",
            "-D",
            &self.data(),
            "-l",
            &log,
            "-o",
            &options,
        ]));
    }

    /// Stops it as a crash would: connections break, and it has to recover when it starts.
    pub fn stop(&self) {
        run(program("pg_ctl").args(["stop", "-w", "-m", "immediate", "-D", &self.data()]));
    }

    pub fn database(&self) -> Database {
        Database::at(&format!(
            "postgres://postgres@127.0.0.1:{}/postgres",
            self.port
        ))
        .migrated()
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Who may run PostgreSQL, when it is not the one who runs the tests.
fn user() -> Option<String> {
    Some(service("TEST_POSTGRES_USER")).filter(|user| !user.is_empty())
}

fn program(name: &str) -> Command {
    let path = Path::new(&service("TEST_POSTGRES_BIN")).join(name);
    let mut command = match user() {
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", &user, "--"]).arg(path);
            command
        }
        None => Command::new(path),
    };
    command.current_dir("/");
    command
}

fn run(command: &mut Command) {
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{command:?}");
}
