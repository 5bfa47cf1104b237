//! A Redis server that a test may kill.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use kaname::platform::{
    config::SecretText,
    redis::{Redis, RedisSettings},
    sizing::Sizing,
};

use super::eventually;
use crate::fresh_database::service;

pub struct RedisServer {
    program: String,
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
}

impl RedisServer {
    pub async fn start() -> Self {
        let program = service("TEST_REDIS_SERVER");
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut server = Self {
            program,
            folder: tempfile::tempdir().unwrap(),
            port,
            process: None,
        };
        server.resume().await;
        server
    }

    /// Starts the server on the data it had.
    pub async fn resume(&mut self) {
        let process = Command::new(&self.program)
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .args([
                "--appendonly",
                "yes",
                "--dir",
                self.folder.path().to_str().unwrap(),
            ])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let redis = self.client();
        eventually("Redis answers", || async { redis.ping().await.is_ok() }).await;
    }

    /// Kills the server as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Deletes what the killed server knew.
    pub fn lose_everything(&self) {
        std::fs::remove_dir_all(self.folder.path().join("appendonlydir")).unwrap();
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn client(&self) -> Redis {
        client(&self.url())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn client(url: &str) -> Redis {
    let settings = RedisSettings {
        url: SecretText::new(url),
        connect_timeout_ms: 500,
        response_timeout_ms: 500,
        retry_max_delay_ms: 200,
        connections: 0,
    };
    Redis::new(&settings, Sizing { processors: 2 })
        .unwrap()
        .unwrap()
}
