//! Opens and checks connections for the pool. The URL chooses the engine; nothing is guessed.

use std::time::{Duration, Instant};

use diesel::{
    Connection, ConnectionError, PgConnection, SqliteConnection, connection::SimpleConnection, r2d2,
};

use super::{Conn, DatabaseSettings, DatabaseUrl, conn::Backend};
use crate::platform::config::SecretText;

/// A connection that was used this recently is taken for alive without a round trip.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// What a pool's connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    ReadWrite,
    ReadOnly,
}

pub(super) struct Manager {
    pub url: DatabaseUrl,
    pub access: Access,
    pub statement_timeout_ms: u64,
    pub lock_timeout_ms: u64,
}

/// A pooled connection and when it last proved to be alive; `None` after something failed on it.
pub(super) struct Pooled {
    pub conn: Conn,
    pub proved: Option<Instant>,
}

impl Manager {
    pub fn new(url: DatabaseUrl, access: Access, settings: &DatabaseSettings) -> Self {
        Self {
            url,
            access,
            statement_timeout_ms: settings.statement_timeout_ms,
            lock_timeout_ms: settings.lock_timeout_ms,
        }
    }

    pub fn open(&self) -> Result<Conn, r2d2::Error> {
        match &self.url {
            DatabaseUrl::Postgres(url) => self.open_postgres(url).map(Backend::Pg),
            DatabaseUrl::Sqlite(path) => self.open_sqlite(path).map(Backend::Sqlite),
        }
        .map(Conn::new)
    }

    fn open_postgres(&self, url: &SecretText) -> Result<PgConnection, r2d2::Error> {
        let mut conn =
            PgConnection::establish(url.expose()).map_err(r2d2::Error::ConnectionError)?;
        conn.batch_execute(&format!(
            "SET statement_timeout = {}; SET lock_timeout = {}; SET timezone = 'UTC'; \
             SET idle_in_transaction_session_timeout = {};",
            self.statement_timeout_ms, self.lock_timeout_ms, self.statement_timeout_ms,
        ))
        .map_err(r2d2::Error::QueryError)?;
        Ok(conn)
    }

    /// WAL lets readers go on beside the one writer. `synchronous = FULL` syncs the log at every
    /// commit: an answer that says "stored" holds through a power cut, not only a killed process,
    /// which WAL's usual `NORMAL` does not promise.
    fn open_sqlite(&self, path: &std::path::Path) -> Result<SqliteConnection, r2d2::Error> {
        let bad_path =
            |why: String| r2d2::Error::ConnectionError(ConnectionError::BadConnection(why));
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                bad_path(format!("can not create {}: {error}", folder.display()))
            })?;
        }
        let path = path
            .to_str()
            .ok_or_else(|| bad_path("the database path is not UTF-8".to_owned()))?;
        let mut conn = SqliteConnection::establish(path).map_err(r2d2::Error::ConnectionError)?;
        let query_only = if self.access == Access::ReadOnly {
            "ON"
        } else {
            "OFF"
        };
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA query_only = {query_only};",
            self.lock_timeout_ms,
        ))
        .map_err(r2d2::Error::QueryError)?;
        Ok(conn)
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        Ok(Pooled {
            conn: self.open()?,
            proved: Some(Instant::now()),
        })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        if matches!(self.url, DatabaseUrl::Sqlite(_))
            || pooled
                .proved
                .is_some_and(|proved| proved.elapsed() < TRUSTED_FOR)
        {
            return Ok(());
        }
        pooled.conn.ping().map_err(|_| {
            r2d2::Error::ConnectionError(ConnectionError::BadConnection(
                "the connection is gone".to_owned(),
            ))
        })?;
        pooled.proved = Some(Instant::now());
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        std::thread::panicking() || pooled.conn.is_broken()
    }
}
