//! News of versions: whoever watches one hears when it moved on, from this process at once, from others over Redis.
//!
//! News may be lost. It says nothing but "look again", and every watcher also looks by itself.

use std::{error::Error, sync::Arc};

use deadpool_redis::redis;
use futures::StreamExt;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::model::VersionId;
use crate::{
    kernel::{Clock, Id},
    platform::redis::{Redis, RedisError},
};

const CHANNEL: &str = "kaname:document-news";
/// News that a slow watcher may be behind; past it, the watcher looks anyway.
const BEHIND: usize = 256;
/// News that waits to be sent to other processes; more is dropped.
const WAITING: usize = 256;

/// Where news is told and heard. Cheap to clone.
#[derive(Clone)]
pub struct News {
    heard: broadcast::Sender<VersionId>,
    others: Option<Others>,
}

/// The other processes.
#[derive(Clone)]
struct Others {
    redis: Redis,
    /// Tells this process's own news from that of others.
    origin: Id<News>,
    sender: mpsc::Sender<VersionId>,
    waiting: Arc<tokio::sync::Mutex<mpsc::Receiver<VersionId>>>,
}

impl News {
    pub fn new(redis: Option<Redis>, clock: &Clock) -> Self {
        let others = redis.map(|redis| {
            let (sender, waiting) = mpsc::channel(WAITING);
            Others {
                redis,
                origin: clock.new_id(),
                sender,
                waiting: Arc::new(tokio::sync::Mutex::new(waiting)),
            }
        });
        Self {
            heard: broadcast::channel(BEHIND).0,
            others,
        }
    }

    /// A version moved on, and that is committed.
    pub fn tell(&self, version: VersionId) {
        let _nobody_watches = self.heard.send(version);
        if let Some(others) = &self.others {
            let _dropped_when_full = others.sender.try_send(version);
        }
    }

    pub fn listen(&self) -> broadcast::Receiver<VersionId> {
        self.heard.subscribe()
    }

    /// Whether news of other processes comes here.
    pub const fn reaches_far(&self) -> bool {
        self.others.is_some()
    }

    /// Sends this process's news to the others and passes on theirs, until `stop`.
    pub async fn carry(self, stop: CancellationToken) {
        let Some(others) = &self.others else {
            return stop.cancelled().await;
        };
        let both = async { tokio::join!(others.send(), others.receive(&self.heard)) };
        let _stopped = stop.run_until_cancelled(both).await;
    }
}

impl Others {
    async fn send(&self) {
        let mut waiting = self.waiting.lock().await;
        while let Some(version) = waiting.recv().await {
            if let Err(error) = self.publish(version).await {
                tracing::debug!(
                    error = &error as &dyn Error,
                    "news of a document was not sent"
                );
            }
        }
    }

    async fn publish(&self, version: VersionId) -> Result<(), RedisError> {
        let mut conn = self.redis.connection().await?;
        Ok(redis::cmd("PUBLISH")
            .arg(CHANNEL)
            .arg(format!("{}/{version}", self.origin))
            .query_async(&mut conn)
            .await?)
    }

    async fn receive(&self, heard: &broadcast::Sender<VersionId>) {
        let mut patience = self.redis.patience();
        loop {
            match self.receive_on_one_connection(heard).await {
                Ok(()) => patience.reset(),
                Err(error) => {
                    tracing::debug!(
                        error = &error as &dyn Error,
                        "no news of documents from other processes for now"
                    );
                    patience.pause().await;
                }
            }
        }
    }

    async fn receive_on_one_connection(
        &self,
        heard: &broadcast::Sender<VersionId>,
    ) -> Result<(), RedisError> {
        let mut subscriber = self.redis.subscriber().await?;
        subscriber.subscribe(CHANNEL).await?;
        let own = self.origin.to_string();
        let mut messages = subscriber.on_message();
        while let Some(message) = messages.next().await {
            let text: String = message.get_payload()?;
            let version = text
                .split_once('/')
                .filter(|(origin, _)| *origin != own)
                .and_then(|(_, version)| version.parse().ok());
            if let Some(version) = version {
                let _nobody_watches = heard.send(version);
            }
        }
        Ok(())
    }
}
