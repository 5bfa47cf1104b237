//! A database of its own for each test: a file, or a new database on the test server.

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use kaname::kernel::Clock;
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database that nobody else uses, and its URL.
pub struct Database {
    pub url: String,
    /// For files of the processes on it: SQLite's, and their data directory.
    pub folder: TempDir,
}

impl Database {
    pub fn create(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        match engine {
            Engine::Sqlite => {
                let url = format!("sqlite:{}", folder.path().join("kaname.db").display());
                Self { url, folder }
            }
            Engine::Postgres => {
                let server = service("TEST_POSTGRES_URL");
                let name = format!(
                    "test_{}",
                    Clock::system().new_id::<Database>().as_uuid().simple()
                );
                let mut admin = PgConnection::establish(&server).expect("the test server answers");
                admin
                    .batch_execute(&format!("CREATE DATABASE {name}"))
                    .expect("a new database");
                Self {
                    url: with_database(&server, &name),
                    folder,
                }
            }
        }
    }
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).expect("TEST_POSTGRES_URL is a URL");
    url.set_path(name);
    url.to_string()
}

/// The address of a service that `scripts/services` started.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where tests read the environment"
)]
pub fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run the tests with `make test`, or `scripts/services run cargo test`")
    })
}
