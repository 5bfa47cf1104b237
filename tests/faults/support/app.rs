//! The built binary as a process of its own, to be killed and started again.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use super::eventually;
use crate::fresh_database::{Database, service};

pub const SECRET_KEY: &str = "sk-test-0123456789";
const PUBLIC_KEY: &str = "pk-test-0123456789";

/// The built binary on a database, and where it listens.
pub struct App {
    process: Child,
    pub url: String,
}

impl App {
    /// Starts it with more settings as `APP_SECTION__KEY` pairs; returns once it is ready.
    pub async fn start(
        database: &Database,
        settings: &[(&str, &str)],
        http: &reqwest::Client,
    ) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let folder = database.folder.path();
        let process = Command::new(env!("CARGO_BIN_EXE_app"))
            .current_dir(folder)
            .env_clear()
            .envs([
                ("APP_SERVER__PORT", port.to_string().as_str()),
                ("APP_DATABASE__URL", database.url.as_str()),
                ("APP_STORAGE__DIRECTORY", folder.to_str().unwrap()),
                (
                    "APP_IDENTITY__KEY_HASH_SECRET",
                    "a secret for tests, 32 characters or more",
                ),
                ("LANGFUSE_INIT_PROJECT_ID", "first"),
                ("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", PUBLIC_KEY),
                ("LANGFUSE_INIT_PROJECT_SECRET_KEY", SECRET_KEY),
            ])
            .env(PDFIUM, service(PDFIUM))
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        eventually("the app is ready", || async {
            let ready = http.get(format!("{url}/health/ready")).send().await;
            ready.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        Self { process, url }
    }

    /// SIGKILL: the process has no say in it.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _already_ended = self.process.kill();
        let _already_reaped = self.process.wait();
    }
}

/// Where `scripts/engines` put the library that reads PDFs.
const PDFIUM: &str = "APP_DOCUMENTS__ENGINES__PDFIUM";
