//! The built app on a database: started, spoken to over HTTP, and killed.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::eventually;
use crate::{fresh_database::service, provider::Provider};

/// Where `scripts/engines` put the library that reads PDFs.
const PDFIUM: &str = "APP_DOCUMENTS__ENGINES__PDFIUM";
pub const SECRET_KEY: &str = "sk-test-0123456789";

/// A process of the built binary, and where it listens.
pub struct Binary {
    process: Child,
    url: String,
    http: reqwest::Client,
}

impl Binary {
    /// Returns when it is ready. `folder` is its data directory.
    pub async fn start(database_url: &str, folder: &Path, provider: &Provider) -> Self {
        Self::start_with(database_url, folder, &provider.settings()).await
    }

    /// With more settings as `APP_SECTION__KEY` pairs.
    pub async fn start_with(database_url: &str, folder: &Path, settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new(env!("CARGO_BIN_EXE_app"))
            .current_dir(folder)
            .env_clear()
            .env(PDFIUM, service(PDFIUM))
            .envs(settings.iter().copied())
            .envs([
                ("APP_SERVER__PORT", port.to_string().as_str()),
                ("APP_DATABASE__URL", database_url),
                ("APP_STORAGE__DIRECTORY", folder.to_str().unwrap()),
                (
                    "APP_IDENTITY__KEY_HASH_SECRET",
                    "a secret for tests, 32 characters or more",
                ),
                ("LANGFUSE_INIT_PROJECT_ID", "first"),
                ("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", "pk-test-0123456789"),
                ("LANGFUSE_INIT_PROJECT_SECRET_KEY", SECRET_KEY),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        kaname::platform::tls::install_crypto_provider();
        let binary = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(10))
                .build()
                .unwrap(),
        };
        eventually("the app is ready", || async {
            let ready = binary.http.get(format!("{}/health/ready", binary.url));
            ready
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        binary
    }

    /// SIGKILL: the process has no say in it.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// A client of this process, which outlives it.
    pub fn caller(&self) -> Caller {
        Caller {
            url: self.url.clone(),
            http: self.http.clone(),
        }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _already_ended = self.process.kill();
        let _already_reaped = self.process.wait();
    }
}

#[derive(Clone)]
pub struct Caller {
    url: String,
    http: reqwest::Client,
}

impl Caller {
    /// The answer, if it came whole.
    pub async fn post(&self, path: &str, body: &Value) -> Option<Answered> {
        let request = self.http.post(format!("{}{path}", self.url));
        Self::send(request.json(body)).await
    }

    /// The same with a body of another type.
    pub async fn post_bytes(&self, path: &str, kind: &str, body: Vec<u8>) -> Option<Answered> {
        let request = self.http.post(format!("{}{path}", self.url));
        Self::send(request.header("content-type", kind).body(body)).await
    }

    async fn send(request: reqwest::RequestBuilder) -> Option<Answered> {
        let answer = request.bearer_auth(SECRET_KEY).send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.ok()?;
        Some(Answered {
            status,
            is_traced: headers.contains_key("x-kaname-trace-id"),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    pub async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.url));
        let request = request.timeout(Duration::from_mins(1));
        let answer = request.bearer_auth(SECRET_KEY).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }
}

/// An answer that was read to its end.
pub struct Answered {
    pub status: u16,
    /// It names the trace that was stored.
    pub is_traced: bool,
    pub body: Value,
}
