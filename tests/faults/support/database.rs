//! Databases for tests: a new, empty, migrated one each time, on both engines.

use kaname::platform::{
    config::SecretText,
    db::{DatabaseSettings, Db, Migrator},
    sizing::Sizing,
    wakeup::Wakeups,
};

use crate::fresh_database::{self, Engine};

/// A migrated database, and its URL.
pub struct Database {
    pub url: String,
    _kept: Option<fresh_database::Database>,
}

impl Database {
    pub fn new(engine: Engine) -> Self {
        let fresh = fresh_database::Database::create(engine);
        Self {
            url: fresh.url.clone(),
            _kept: Some(fresh),
        }
        .migrated()
    }

    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            _kept: None,
        }
    }

    pub fn migrated(self) -> Self {
        Migrator::new(&self.settings()).unwrap().migrate().unwrap();
        self
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
    vec![
        Database::new(Engine::Sqlite),
        Database::new(Engine::Postgres),
    ]
}
