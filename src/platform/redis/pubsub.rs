//! Words that processes tell each other over Redis pub/sub. Best effort: whoever hears them also looks by itself.

use std::error::Error;

use deadpool_redis::redis;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Redis, RedisError};
use crate::kernel::{Clock, Id};

/// A channel on which every process hears the words of the others, and not its own.
#[derive(Clone)]
pub struct PubSub {
    redis: Redis,
    channel: &'static str,
    /// Tells this process's own words from those of others.
    origin: Id<PubSub>,
}

/// What a process does with what it hears.
pub struct Hearing<Began, Heard> {
    /// It hears from now on: what was said before may have been missed.
    pub began: Began,
    pub heard: Heard,
}

impl PubSub {
    pub fn new(redis: Redis, clock: &Clock, channel: &'static str) -> Self {
        Self {
            redis,
            channel,
            origin: clock.new_id(),
        }
    }

    /// Sends what is waiting to the others and hears theirs, until `stop`.
    pub async fn carry<Began: Fn(), Heard: Fn(&str)>(
        &self,
        waiting: &mut mpsc::Receiver<String>,
        hearing: Hearing<Began, Heard>,
        stop: CancellationToken,
    ) {
        let both = async { tokio::join!(self.send(waiting), self.hear(hearing)) };
        let _stopped = stop.run_until_cancelled(both).await;
    }

    async fn send(&self, waiting: &mut mpsc::Receiver<String>) {
        while let Some(word) = waiting.recv().await {
            if let Err(error) = self.publish(&word).await {
                tracing::debug!(
                    error = &error as &dyn Error,
                    channel = self.channel,
                    "other processes were not told"
                );
            }
        }
    }

    async fn publish(&self, word: &str) -> Result<(), RedisError> {
        let mut conn = self.redis.connection().await?;
        Ok(redis::cmd("PUBLISH")
            .arg(self.channel)
            .arg(format!("{}/{word}", self.origin))
            .query_async(&mut conn)
            .await?)
    }

    async fn hear<Began: Fn(), Heard: Fn(&str)>(&self, hearing: Hearing<Began, Heard>) {
        let mut patience = self.redis.patience();
        loop {
            match self.hear_on_one_connection(&hearing).await {
                Ok(()) => patience.reset(),
                Err(error) => {
                    tracing::debug!(
                        error = &error as &dyn Error,
                        channel = self.channel,
                        "nothing is heard of other processes for now"
                    );
                    patience.pause().await;
                }
            }
        }
    }

    async fn hear_on_one_connection<Began: Fn(), Heard: Fn(&str)>(
        &self,
        hearing: &Hearing<Began, Heard>,
    ) -> Result<(), RedisError> {
        let mut subscriber = self.redis.subscriber().await?;
        subscriber.subscribe(self.channel).await?;
        (hearing.began)();
        let own = self.origin.to_string();
        let mut messages = subscriber.on_message();
        while let Some(message) = messages.next().await {
            let text: String = message.get_payload()?;
            if let Some((origin, word)) = text.split_once('/')
                && origin != own
            {
                (hearing.heard)(word);
            }
        }
        Ok(())
    }
}
