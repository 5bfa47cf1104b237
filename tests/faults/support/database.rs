//! Databases for tests: a new, empty, migrated one each time, on every engine there is.

use std::sync::atomic::{AtomicU32, Ordering};

use kaname::platform::{
    config::SecretText,
    db::{DatabaseSettings, Db, Migrator},
    sizing::Sizing,
    wakeup::Wakeups,
};

/// A database that lives as long as this value (PostgreSQL's is left to the throw-away server).
pub struct Database {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    /// SQLite, in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Self {
            url: format!("sqlite:{}/test.db", folder.path().display()),
            _folder: Some(folder),
        };
        database.migrate();
        database
    }

    /// A new database on the PostgreSQL server of the test run, if it has one.
    pub fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = environment("TEST_POSTGRES_URL")?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("faults_{}_{number}", std::process::id());
        create_database(&server, &name);
        let database = Self {
            url: with_database(&server, &name),
            _folder: None,
        };
        database.migrate();
        Some(database)
    }

    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            _folder: None,
        }
    }

    pub fn migrate(&self) {
        Migrator::new(&self.settings()).unwrap().migrate().unwrap();
    }

    pub fn open(&self) -> Db {
        Db::new(
            &self.settings(),
            Sizing { processors: 2 },
            Wakeups::default(),
        )
        .unwrap()
    }

    fn settings(&self) -> DatabaseSettings {
        DatabaseSettings {
            url: SecretText::new(self.url.as_str()),
            connections: 0,
            acquire_timeout_ms: 2_000,
            statement_timeout_ms: 10_000,
            lock_timeout_ms: 5_000,
            migrate_on_start: true,
            migration_deadline_seconds: 20,
        }
    }
}

/// One database of each engine.
pub fn databases() -> Vec<Database> {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres());
    databases
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests find their servers by the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn create_database(server: &str, name: &str) {
    use diesel::{Connection, PgConnection, RunQueryDsl};
    let mut conn = PgConnection::establish(server).unwrap();
    diesel::sql_query(format!("CREATE DATABASE {name}"))
        .execute(&mut conn)
        .unwrap();
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}
