//! One connection to either database.

use diesel::{
    PgConnection, RunQueryDsl, SqliteConnection,
    connection::{AnsiTransactionManager, TransactionManager},
    sql_query,
};

use super::DbError;
use crate::platform::wakeup::{Topic, Topics};

/// A connection, and the wake-ups to announce once its transaction has committed.
pub struct Conn {
    backend: Backend,
    wakeups: Topics,
}

/// The engine behind a connection.
pub enum Backend {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one expression on whichever engine `conn` has; `c` is the diesel connection in it.
macro_rules! each_backend {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn.backend() {
            $crate::platform::db::Backend::Pg($c) => $body,
            $crate::platform::db::Backend::Sqlite($c) => $body,
        }
    };
}
pub(crate) use each_backend;

impl Conn {
    pub(super) fn new(backend: Backend) -> Self {
        Self {
            backend,
            wakeups: Topics::default(),
        }
    }

    pub fn backend(&mut self) -> &mut Backend {
        &mut self.backend
    }

    /// Announces `topic` when, and only when, the running transaction commits.
    pub fn wake_after_commit(&mut self, topic: Topic) {
        self.wakeups.insert(topic);
    }

    /// Runs `body` in one transaction: commits on `Ok`, rolls back on `Err`.
    ///
    /// On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), so that a transaction which
    /// reads before it writes can not fail half way for want of the lock.
    pub(super) fn transaction<T, E: From<DbError>>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(T, Topics), E> {
        match &mut self.backend {
            Backend::Pg(c) => AnsiTransactionManager::begin_transaction(c),
            Backend::Sqlite(c) => {
                AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")
            }
        }
        .map_err(DbError::from)?;
        self.ended(body)
    }

    /// Runs `body`, which only reads, in one transaction: all of its queries see the database as it was at the first.
    pub(super) fn snapshot<T, E: From<DbError>>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        match &mut self.backend {
            Backend::Pg(c) => AnsiTransactionManager::begin_transaction_sql(
                c,
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            ),
            Backend::Sqlite(c) => {
                AnsiTransactionManager::begin_transaction_sql(c, "BEGIN DEFERRED")
            }
        }
        .map_err(DbError::from)?;
        self.ended(body).map(|(value, _)| value)
    }

    /// Runs `body` in the transaction that was begun, and ends it.
    fn ended<T, E: From<DbError>>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(T, Topics), E> {
        self.wakeups = Topics::default();
        match body(self) {
            Ok(value) => {
                each_backend!(self, |c| AnsiTransactionManager::commit_transaction(c))
                    .map_err(DbError::from)?;
                Ok((value, std::mem::take(&mut self.wakeups)))
            }
            Err(error) => {
                self.wakeups = Topics::default();
                // The body's error says why; a failed rollback leaves a connection that
                // `is_broken` finds and the pool discards.
                let _discarded =
                    each_backend!(self, |c| AnsiTransactionManager::rollback_transaction(c));
                Err(error)
            }
        }
    }

    /// A round trip to the engine.
    pub(super) fn ping(&mut self) -> Result<(), DbError> {
        each_backend!(self, |c| sql_query("SELECT 1").execute(c))?;
        Ok(())
    }

    /// Whether a transaction was left open or the connection is beyond use.
    pub(super) fn is_broken(&mut self) -> bool {
        each_backend!(self, |c| {
            AnsiTransactionManager::is_broken_transaction_manager(c)
                || AnsiTransactionManager::transaction_manager_status_mut(c)
                    .transaction_depth()
                    .map_or(true, |depth| depth.is_some())
        })
    }
}
