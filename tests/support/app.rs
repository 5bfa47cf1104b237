//! The app under test, in this process: started as `main` starts it, and spoken to over HTTP.

use std::{collections::BTreeMap, path::Path, time::Duration};

use kaname::{
    platform::{config::Environment, lifecycle::Outcome, tls::install_crypto_provider},
    roles::{Process, Role, Settings},
};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::database::{Database, Engine, service};

pub const PUBLIC_KEY: &str = "pk-test-0123456789";
pub const SECRET_KEY: &str = "sk-test-0123456789";
const PROVIDER_KEY_SECRET: &str = "another secret for tests, 32 characters or more";
const KEY_HASH_SECRET: &str = "a secret for tests, 32 characters or more";

/// A running app, its first project's keys, and a client.
pub struct App {
    pub url: String,
    /// The `sk-...` that [`App::request`] sends.
    pub secret_key: String,
    pub public_key: String,
    http: reqwest::Client,
    process: Option<Process>,
    /// Shared by every process of a [`App::sibling`] cluster.
    database: std::sync::Arc<Database>,
    environment: BTreeMap<String, String>,
}

/// The variables of an app on this database, and `more`.
fn environment(database: &Database, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let folder = database.folder.path().to_str().expect("UTF-8");
    let pdfium = service("APP_DOCUMENTS__ENGINES__PDFIUM");
    let usual = [
        ("APP_SERVER__PORT", "0"),
        ("APP_DATABASE__URL", database.url.as_str()),
        ("APP_STORAGE__DIRECTORY", folder),
        ("APP_IDENTITY__KEY_HASH_SECRET", KEY_HASH_SECRET),
        ("APP_GATEWAY__PROVIDER_KEY_SECRET", PROVIDER_KEY_SECRET),
        // A test's own binary can read no files.
        ("APP_DOCUMENTS__ENGINES__READER", env!("CARGO_BIN_EXE_app")),
        ("APP_DOCUMENTS__ENGINES__PDFIUM", pdfium.as_str()),
        ("LANGFUSE_INIT_PROJECT_ID", "first"),
        ("LANGFUSE_INIT_PROJECT_NAME", "First project"),
        ("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", PUBLIC_KEY),
        ("LANGFUSE_INIT_PROJECT_SECRET_KEY", SECRET_KEY),
    ];
    let all = usual.iter().chain(more);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Settings of an app that has models in its own process.
pub fn with_models() -> [(&'static str, String); 1] {
    [("APP_INFERENCE__MODELS", service("TEST_MODELS"))]
}

/// The settings of an app that a test starts itself.
pub fn settings(database: &Database, more: &[(&str, &str)]) -> Settings {
    let environment = Environment::from_pairs(environment(database, more));
    Settings::load(None, &environment).expect("the test's settings are valid")
}

impl App {
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, &[]).await
    }

    /// Starts every serving role, with more settings as `APP_SECTION__KEY` pairs.
    pub async fn start_with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        Self::start_roles(engine, &Role::SERVING, settings).await
    }

    pub async fn start_roles(engine: Engine, roles: &[Role], settings: &[(&str, &str)]) -> Self {
        let database = std::sync::Arc::new(Database::create(engine));
        let environment = environment(&database, settings);
        Self::launch(database, environment, roles).await
    }

    /// Another process on the same database and settings.
    pub async fn sibling(&self, roles: &[Role]) -> Self {
        Self::launch(self.database.clone(), self.environment.clone(), roles).await
    }

    /// The same app after a restart: this one is stopped, then started on the same database.
    pub async fn restarted(self, roles: &[Role]) -> Self {
        let (database, environment) = (self.database.clone(), self.environment.clone());
        self.stop().await;
        Self::launch(database, environment, roles).await
    }

    /// The same app, with every role, after a restart that changes settings.
    pub async fn restarted_with(self, settings: &[(&str, &str)]) -> Self {
        let (database, mut environment) = (self.database.clone(), self.environment.clone());
        for (name, value) in settings {
            environment.insert((*name).to_owned(), (*value).to_owned());
        }
        self.stop().await;
        Self::launch(database, environment, &Role::SERVING).await
    }

    async fn launch(
        database: std::sync::Arc<Database>,
        environment: BTreeMap<String, String>,
        roles: &[Role],
    ) -> Self {
        install_crypto_provider();
        let settings = Settings::load(None, &Environment::from_pairs(environment.clone()))
            .expect("the test's settings are valid");
        // On the heap: every test's future would be as large as what starts here.
        let process = Box::pin(Process::start(settings, roles))
            .await
            .expect("the app starts");
        Self {
            url: format!("http://{}", process.address),
            secret_key: SECRET_KEY.to_owned(),
            public_key: PUBLIC_KEY.to_owned(),
            http: reqwest::Client::builder()
                .no_proxy()
                .no_gzip()
                .build()
                .expect("a client"),
            process: Some(process),
            database,
            environment,
        }
    }

    /// Drains the app; everything in progress must finish in time.
    pub async fn stop(mut self) {
        let process = self.process.take().expect("the app runs");
        let outcome = process.run_to_end(async {}).await;
        assert_eq!(outcome, Outcome::Drained);
    }

    /// Where it keeps its files.
    pub fn folder(&self) -> &Path {
        self.database.folder.path()
    }

    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// A request without credentials.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.at(method, &format!("{}{path}", self.url))
    }

    /// A request without credentials to an address that an answer gave.
    pub fn at(&self, method: Method, url: &str) -> RequestBuilder {
        self.http
            .request(method, url)
            .timeout(Duration::from_mins(1))
    }

    /// A request with the project's secret key as a bearer token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.secret_key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// The same app as seen by a key with these scopes only.
    pub async fn with_scopes(&self, scopes: &[&str]) -> Viewer<'_> {
        let created = self
            .post(
                "/api/v1/keys",
                &json!({ "name": "scoped", "scopes": scopes }),
            )
            .await;
        let secret_key = created.expect(201)["secret_key"]
            .as_str()
            .expect("a secret")
            .to_owned();
        Viewer {
            app: self,
            secret_key,
        }
    }

    /// The same app as seen by this key.
    pub const fn with_key(&self, secret_key: String) -> Viewer<'_> {
        Viewer {
            app: self,
            secret_key,
        }
    }

    /// Another project beside the first one, and a key with every permission in it.
    pub async fn other_project(&self) -> Viewer<'_> {
        let secret_key = "sk-other-9876543210".to_owned();
        let mut environment = self.environment.clone();
        for (name, value) in [
            ("LANGFUSE_INIT_PROJECT_ID", "other"),
            ("LANGFUSE_INIT_PROJECT_NAME", "Other project"),
            ("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", "pk-other-9876543210"),
            ("LANGFUSE_INIT_PROJECT_SECRET_KEY", secret_key.as_str()),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        let other = Self::launch(self.database.clone(), environment, &[Role::Api]).await;
        other.stop().await;
        Viewer {
            app: self,
            secret_key,
        }
    }
}

/// The app, asked with another key.
pub struct Viewer<'a> {
    app: &'a App,
    pub secret_key: String,
}

impl Viewer<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app
            .anonymous(method, path)
            .bearer_auth(&self.secret_key)
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, path);
        Answer::of(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }
}

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        let response: Response = request.send().await.expect("the app answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the answer is text");
        Self {
            status,
            headers,
            text,
        }
    }

    /// The JSON body, `Null` when there is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The JSON body of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The `error` of one of our own error bodies, which must have this status.
    #[track_caller]
    pub fn expect_error(&self, status: u16) -> Value {
        self.expect(status)["error"].clone()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
