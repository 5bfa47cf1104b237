//! The door to the database: closures run on the blocking pool, each with one connection.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::r2d2::Pool;
use tokio::{runtime::Handle, sync::Semaphore, time};

use super::{
    Conn, DatabaseSettings, DatabaseUrl, DbError,
    manager::{Access, Manager},
};
use crate::platform::{config::ConfigError, sizing::Sizing, wakeup::Wakeups};

/// A database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    writer: Lane,
    reader: Lane,
    wakeups: Wakeups,
    /// The runtime whose blocking threads all queries run on, whoever asks.
    runtime: Handle,
    url: Arc<DatabaseUrl>,
}

/// A pool with a fair, asynchronous queue in front: those who wait hold no thread.
#[derive(Clone)]
struct Lane {
    pool: Pool<Manager>,
    permits: Arc<Semaphore>,
    size: usize,
    acquire_timeout: Duration,
}

/// A pool's size and how much of it is in use.
#[derive(Clone, Copy, Debug)]
pub struct PoolUse {
    pub name: &'static str,
    pub size: usize,
    pub in_use: usize,
}

impl Lane {
    fn new(manager: Manager, size: usize, settings: &DatabaseSettings) -> Self {
        let max_size = u32::try_from(size).unwrap_or(u32::MAX);
        let pool = Pool::builder()
            .max_size(max_size)
            .min_idle(Some(0))
            .idle_timeout(Some(Duration::from_mins(5)))
            .test_on_check_out(true)
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
            .connection_timeout(settings.acquire_timeout())
            .build_unchecked(manager);
        let permits = Arc::new(Semaphore::new(size));
        Self {
            pool,
            permits,
            size,
            acquire_timeout: settings.acquire_timeout(),
        }
    }

    async fn run<T, E>(
        &self,
        runtime: &Handle,
        body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let permit = time::timeout(
            self.acquire_timeout,
            Arc::clone(&self.permits).acquire_owned(),
        )
        .await;
        let Ok(Ok(permit)) = permit else {
            let waited_ms = u64::try_from(self.acquire_timeout.as_millis()).unwrap_or(u64::MAX);
            return Err(DbError::Exhausted { waited_ms }.into());
        };
        let pool = self.pool.clone();
        let span = tracing::Span::current();
        let task = runtime.spawn_blocking(move || {
            let _in_span = span.entered();
            let _permit = permit;
            let mut pooled = pool.get().map_err(DbError::Unavailable)?;
            let outcome = body(&mut pooled.conn);
            if outcome.is_ok() {
                pooled.proved = Some(Instant::now());
            } else {
                // Whatever failed may have been the connection: have it checked before its next use.
                pooled.proved = None;
            }
            outcome
        });
        task.await
            .unwrap_or_else(|error| Err(DbError::TaskEnded(error).into()))
    }

    fn usage(&self, name: &'static str) -> PoolUse {
        PoolUse {
            name,
            size: self.size,
            in_use: self.size - self.permits.available_permits(),
        }
    }
}

impl Db {
    /// Prepares the pools; connections are opened when they are first needed.
    ///
    /// # Errors
    /// When the URL is not one of the two forms.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        settings: &DatabaseSettings,
        sizing: Sizing,
        wakeups: Wakeups,
    ) -> Result<Self, ConfigError> {
        let url = settings.parsed_url()?;
        let lane =
            |access, size| Lane::new(Manager::new(url.clone(), access, settings), size, settings);
        let (writer, reader) = match &url {
            DatabaseUrl::Sqlite(_) => (
                lane(Access::ReadWrite, 1),
                lane(
                    Access::ReadOnly,
                    sizing.sqlite_readers(settings.connections),
                ),
            ),
            DatabaseUrl::Postgres(_) => {
                let both = lane(
                    Access::ReadWrite,
                    sizing.postgres_connections(settings.connections),
                );
                (both.clone(), both)
            }
        };
        Ok(Self {
            writer,
            reader,
            wakeups,
            runtime: Handle::current(),
            url: Arc::new(url),
        })
    }

    /// Runs `body` on a connection for reading, outside a transaction.
    ///
    /// # Errors
    /// What `body` returns, or a [`DbError`] when no connection can be had.
    pub async fn read<T, E>(
        &self,
        body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.reader.run(&self.runtime, body).await
    }

    /// Runs `body` on a connection for reading, in one transaction: all of its queries see the same.
    ///
    /// # Errors
    /// As for [`Db::read`].
    pub async fn snapshot<T, E>(
        &self,
        body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let body = move |conn: &mut Conn| conn.snapshot(body);
        self.reader.run(&self.runtime, body).await
    }

    /// Runs `body` in one transaction, and announces its wake-ups once it has committed.
    ///
    /// # Errors
    /// What `body` returns (everything it wrote is undone), or a [`DbError`].
    pub async fn write<T, E>(
        &self,
        body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let wakeups = self.wakeups.clone();
        self.writer
            .run(&self.runtime, move |conn| {
                let (value, topics) = conn.transaction(body)?;
                wakeups.announce(topics);
                Ok(value)
            })
            .await
    }

    pub fn wakeups(&self) -> &Wakeups {
        &self.wakeups
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    pub fn is_postgres(&self) -> bool {
        self.url.is_postgres()
    }

    /// Connections this process may open.
    pub fn capacity(&self) -> usize {
        if self.is_postgres() {
            self.writer.size
        } else {
            self.writer.size + self.reader.size
        }
    }

    pub fn usage(&self) -> Vec<PoolUse> {
        if self.is_postgres() {
            vec![self.writer.usage("postgres")]
        } else {
            vec![
                self.writer.usage("sqlite_writer"),
                self.reader.usage("sqlite_readers"),
            ]
        }
    }
}
