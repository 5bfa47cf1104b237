//! An S3 server of a test's own.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use super::{database::service, eventually};

pub const BUCKET: &str = "kaname";
pub const REGION: &str = "us-east-1";
pub const ACCESS_KEY: (&str, &str) = ("access-key-of-tests", "secret-key-of-tests");

/// Ends with the test.
pub struct S3Server {
    pub url: String,
    process: Child,
    http: reqwest::Client,
}

impl S3Server {
    /// A server without any bucket.
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let process = Command::new(service("TEST_S3_SERVER"))
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the S3 server starts");
        kaname::platform::tls::install_crypto_provider();
        let server = Self {
            url: format!("http://127.0.0.1:{port}"),
            process,
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
        };
        eventually("the S3 server answers", || async {
            server.http.get(&server.url).send().await.is_ok()
        })
        .await;
        server
    }

    pub async fn make_bucket(&self) {
        let made = self.http.put(format!("{}/{BUCKET}", self.url)).send().await;
        assert_eq!(made.expect("the S3 server answers").status(), 200);
    }

    /// The keys in the bucket, and the bytes of each.
    pub async fn objects(&self) -> Vec<(String, u64)> {
        let list = format!("{}/{BUCKET}?list-type=2", self.url);
        let list = self
            .http
            .get(list)
            .send()
            .await
            .expect("the S3 server answers");
        assert_eq!(list.status(), 200);
        let xml = list.text().await.expect("text");
        let within = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>")).expect(name);
            rest.split_once("</").expect(name).0.to_owned()
        };
        let contents = xml.split("<Contents>").skip(1);
        contents
            .map(|object| {
                let size = within(object, "Size").parse().expect("a number");
                (within(object, "Key"), size)
            })
            .collect()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _already_ended = self.process.kill();
        let _already_reaped = self.process.wait();
    }
}
