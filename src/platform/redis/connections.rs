//! Connections to Redis: pooled ones for commands, dedicated ones for commands that block.

use std::{sync::Arc, time::Duration};

use deadpool_redis::{
    Connection, Manager, Pool, PoolError, Runtime,
    redis::{self, AsyncConnectionConfig, Client, aio::MultiplexedConnection},
};
use tokio::time;

use super::RedisSettings;
use crate::platform::{config::ConfigError, sizing::Sizing};

/// The shortest pause between two attempts to connect.
const FIRST_DELAY: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    #[error("no connection to Redis could be had")]
    Unavailable(#[source] PoolError),
    #[error("a Redis command failed")]
    Command(#[from] redis::RedisError),
}

/// A Redis server. Cheap to clone.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    pool: Pool,
    client: Client,
    settings: RedisSettings,
}

impl Redis {
    /// Prepares connections without opening one; `None` when no URL is configured.
    ///
    /// # Errors
    /// When the URL is not one of Redis'. Never repeats it: it can hold a password.
    pub fn new(settings: &RedisSettings, sizing: Sizing) -> Result<Option<Self>, ConfigError> {
        let Some(url) = settings.url.set() else {
            return Ok(None);
        };
        let rejected = || {
            ConfigError::Rejected(
                "`redis.url` must be redis://host:port, or rediss://...".to_owned(),
            )
        };
        let client = Client::open(url).map_err(|_| rejected())?;
        let config = config(settings, settings.response_timeout());
        let manager = Manager::new_with_config(url, config).map_err(|_| rejected())?;
        let limit = settings.connect_timeout();
        let pool = Pool::builder(manager)
            .max_size(sizing.redis_connections(settings.connections))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(limit))
            .create_timeout(Some(limit))
            .recycle_timeout(Some(settings.response_timeout()))
            .build()
            .map_err(|_| rejected())?;
        Ok(Some(Self(Arc::new(Inner {
            pool,
            client,
            settings: settings.clone(),
        }))))
    }

    /// A connection of the pool, checked by a round trip.
    pub async fn connection(&self) -> Result<Connection, RedisError> {
        self.0.pool.get().await.map_err(RedisError::Unavailable)
    }

    /// A connection for commands that block for up to `block`.
    pub async fn blocking(&self, block: Duration) -> Result<MultiplexedConnection, RedisError> {
        let config = config(&self.0.settings, block + self.0.settings.response_timeout());
        Ok(self
            .0
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }

    pub async fn subscriber(&self) -> Result<redis::aio::PubSub, RedisError> {
        let connecting = time::timeout(
            self.0.settings.connect_timeout(),
            self.0.client.get_async_pubsub(),
        );
        let timed_out =
            || redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        Ok(connecting.await.map_err(|_| timed_out())??)
    }

    /// A round trip, for health checks.
    pub async fn ping(&self) -> Result<(), RedisError> {
        let mut conn = self.connection().await?;
        Ok(redis::cmd("PING").query_async(&mut conn).await?)
    }

    pub fn patience(&self) -> Patience {
        Patience {
            next: FIRST_DELAY,
            most: self.0.settings.retry_max_delay(),
        }
    }

    /// Connections of the pool that are in use, and its size.
    pub fn usage(&self) -> (usize, usize) {
        let status = self.0.pool.status();
        (
            status.size.saturating_sub(status.available),
            status.max_size,
        )
    }
}

fn config(settings: &RedisSettings, response: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(settings.connect_timeout()))
        .set_response_timeout(Some(response))
}

/// Pauses between attempts that grow up to the configured ceiling.
#[derive(Clone, Debug)]
pub struct Patience {
    next: Duration,
    most: Duration,
}

impl Patience {
    pub async fn pause(&mut self) {
        time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.most);
    }

    /// The attempt succeeded: the next pause is a short one.
    pub fn reset(&mut self) {
        self.next = FIRST_DELAY.min(self.most);
    }
}
