//! Migrations: embedded, the same names on both engines, applied by one process at a time.
//!
//! PostgreSQL is locked by polling `pg_try_advisory_lock`: a blocking lock would hold a snapshot
//! open and deadlock with `CREATE INDEX CONCURRENTLY`. SQLite is locked by a file beside it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl,
    migration::MigrationSource,
    r2d2::ManageConnection as _,
    sql_query,
    sql_types::{BigInt, Bool},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    Backend, Conn, DatabaseSettings, DatabaseUrl, each_backend,
    manager::{Access, Manager},
};
use crate::platform::config::ConfigError;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
/// "kaname" in hexadecimal: the advisory lock that every migrating process takes.
const ADVISORY_LOCK: i64 = 0x6b61_6e61_6d65;
const POLL: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("can not connect to the database")]
    Connect(#[source] diesel::r2d2::Error),
    #[error("another process has been migrating for {0:?}; gave up waiting for its lock")]
    Locked(Duration),
    #[error("the migration lock file can not be used")]
    LockFile(#[source] std::io::Error),
    #[error("a migration failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the migration lock can not be queried")]
    Query(#[from] diesel::result::Error),
    #[error(
        "the database's schema is at version {found}, older than {needed}, which this binary needs; \
         run `app migrate`"
    )]
    Older { found: String, needed: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// How the database's schema stands to this binary's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaState {
    /// The newest version applied; `none` on an empty database.
    pub found: String,
    /// The newest version this binary knows.
    pub needed: String,
    /// Versions of this binary's that are not applied, oldest first.
    pub pending: Vec<String>,
}

impl SchemaState {
    /// A schema that has everything this binary needs, and perhaps more (after a rollback).
    pub fn is_usable(&self) -> bool {
        self.pending.is_empty()
    }

    /// # Errors
    /// [`MigrationError::Older`] with both versions.
    pub fn require_usable(&self) -> Result<(), MigrationError> {
        if self.is_usable() {
            return Ok(());
        }
        Err(MigrationError::Older {
            found: self.found.clone(),
            needed: self.needed.clone(),
        })
    }
}

/// Applies and inspects migrations over a connection of its own, past any pool. Blocking.
pub struct Migrator {
    manager: Manager,
    deadline: Duration,
}

impl Migrator {
    /// # Errors
    /// When the URL is not one of the two forms.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, ConfigError> {
        // A migration may take longer than any statement that serves a request.
        let settings = DatabaseSettings {
            statement_timeout_ms: 0,
            ..settings.clone()
        };
        let manager = Manager::new(settings.parsed_url()?, Access::ReadWrite, &settings);
        Ok(Self {
            manager,
            deadline: settings.migration_deadline(),
        })
    }

    /// Applies what is missing, under the lock; a schema that is newer is left as it is.
    ///
    /// # Errors
    /// When the lock can not be had within the deadline, or a migration fails.
    pub fn migrate(&self) -> Result<SchemaState, MigrationError> {
        let started = Instant::now();
        let mut conn = self.connect_within(started)?;
        if !state_of(&mut conn)?.is_usable() {
            let _lock = self.lock(&mut conn, started)?;
            each_backend!(conn, |c| apply(c))?;
        }
        state_of(&mut conn)
    }

    /// # Errors
    /// When the database can not be reached.
    pub fn state(&self) -> Result<SchemaState, MigrationError> {
        state_of(&mut self.connect()?)
    }

    /// Waits until another process has brought the schema to the version this binary needs.
    ///
    /// # Errors
    /// [`MigrationError::Older`] with both versions when that does not happen within the deadline.
    pub fn wait_until_usable(&self) -> Result<SchemaState, MigrationError> {
        let started = Instant::now();
        loop {
            let state = state_of(&mut self.connect_within(started)?)?;
            if state.is_usable() || started.elapsed() >= self.deadline {
                state.require_usable()?;
                return Ok(state);
            }
            pause();
        }
    }

    /// Undoes the newest `count` migrations. For tests of the `down` scripts.
    ///
    /// # Errors
    /// When one of them fails.
    pub fn revert(&self, count: usize) -> Result<(), MigrationError> {
        let mut conn = self.connect()?;
        for _ in 0..count {
            match conn.backend() {
                Backend::Pg(c) => c.revert_last_migration(POSTGRES),
                Backend::Sqlite(c) => c.revert_last_migration(SQLITE),
            }
            .map_err(MigrationError::Failed)?;
        }
        Ok(())
    }

    fn connect(&self) -> Result<Conn, MigrationError> {
        Ok(self
            .manager
            .connect()
            .map_err(MigrationError::Connect)?
            .conn)
    }

    /// A database that is starting beside us is waited for.
    fn connect_within(&self, started: Instant) -> Result<Conn, MigrationError> {
        loop {
            match self.connect() {
                Err(_) if started.elapsed() < self.deadline && self.manager.url.is_postgres() => {
                    pause();
                }
                outcome => return outcome,
            }
        }
    }

    /// The lock is held until the guard is dropped (SQLite) or the connection closes (PostgreSQL).
    fn lock(&self, conn: &mut Conn, started: Instant) -> Result<Option<File>, MigrationError> {
        loop {
            let taken = match (&self.manager.url, conn.backend()) {
                (DatabaseUrl::Sqlite(path), _) => {
                    lock_file(path.with_added_extension("migrating"))?.map(Some)
                }
                (_, Backend::Pg(c)) => try_advisory_lock(c)?.then_some(None),
                (_, Backend::Sqlite(_)) => Some(None),
            };
            if let Some(guard) = taken {
                return Ok(guard);
            }
            if started.elapsed() >= self.deadline {
                return Err(MigrationError::Locked(self.deadline));
            }
            pause();
        }
    }
}

/// Between two looks at a lock or a schema that another process holds.
#[expect(
    clippy::disallowed_methods,
    reason = "migrations run on a thread of their own"
)]
fn pause() {
    thread::sleep(POLL);
}

fn lock_file(path: PathBuf) -> Result<Option<File>, MigrationError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(MigrationError::LockFile)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(MigrationError::LockFile(error)),
    }
}

fn try_advisory_lock(conn: &mut PgConnection) -> Result<bool, diesel::result::Error> {
    let Answer { yes } = sql_query("SELECT pg_try_advisory_lock($1) AS yes")
        .bind::<BigInt, _>(ADVISORY_LOCK)
        .get_result(conn)?;
    Ok(yes)
}

/// The embedded migrations of a connection's engine.
trait Embedded: MigrationHarness<Self::Engine> {
    type Engine: diesel::backend::Backend + 'static;
    const MIGRATIONS: EmbeddedMigrations;
}
impl Embedded for PgConnection {
    type Engine = diesel::pg::Pg;
    const MIGRATIONS: EmbeddedMigrations = POSTGRES;
}
impl Embedded for diesel::SqliteConnection {
    type Engine = diesel::sqlite::Sqlite;
    const MIGRATIONS: EmbeddedMigrations = SQLITE;
}

fn apply<C: Embedded>(conn: &mut C) -> Result<(), MigrationError>
where
    EmbeddedMigrations: MigrationSource<C::Engine>,
{
    conn.run_pending_migrations(C::MIGRATIONS)
        .map_err(MigrationError::Failed)?;
    Ok(())
}

/// Looks without touching: diesel's own look would create its table, and two of those at once clash.
fn state_of(conn: &mut Conn) -> Result<SchemaState, MigrationError> {
    let applied = if has_versions(conn)? {
        each_backend!(conn, |c| applied(c)).map_err(MigrationError::Failed)?
    } else {
        Vec::new()
    };
    let embedded = match conn.backend() {
        Backend::Pg(c) => embedded(c),
        Backend::Sqlite(c) => embedded(c),
    }
    .map_err(MigrationError::Failed)?;
    let newest = |versions: &[String]| {
        versions
            .iter()
            .max()
            .cloned()
            .unwrap_or_else(|| "none".to_owned())
    };
    let (found, needed) = (newest(&applied), newest(&embedded));
    let pending = embedded
        .into_iter()
        .filter(|version| !applied.contains(version))
        .collect();
    Ok(SchemaState {
        found,
        needed,
        pending,
    })
}

/// Whether any migration was ever applied.
fn has_versions(conn: &mut Conn) -> Result<bool, diesel::result::Error> {
    let Answer { yes } = match conn.backend() {
        Backend::Pg(c) => {
            sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS yes").get_result(c)
        }
        Backend::Sqlite(c) => sql_query(
            "SELECT count(*) > 0 AS yes FROM sqlite_schema WHERE name = '__diesel_schema_migrations'",
        )
        .get_result(c),
    }?;
    Ok(yes)
}

/// One `boolean` of a query.
#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

type Versions = Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>>;

fn applied<C: Embedded>(conn: &mut C) -> Versions {
    Ok(conn
        .applied_migrations()?
        .iter()
        .map(ToString::to_string)
        .collect())
}

/// In the order in which they are applied.
fn embedded<C: Embedded>(_: &C) -> Versions
where
    EmbeddedMigrations: MigrationSource<C::Engine>,
{
    let migrations = MigrationSource::<C::Engine>::migrations(&C::MIGRATIONS)?;
    let mut versions: Vec<_> = migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    versions.sort();
    Ok(versions)
}
