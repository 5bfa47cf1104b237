//! A consumer group of the stream, as one process reads it.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use deadpool_redis::redis::{
    self, RedisResult,
    aio::MultiplexedConnection,
    streams::{StreamAutoClaimReply, StreamId, StreamPendingCountReply, StreamReadReply},
};
use futures::future::BoxFuture;

use super::{
    EventSettings,
    consumer::{CarrierError, Delivery, Outcome, Source},
    stream::{DEAD, FIELD, STREAM, create_group, read_entry},
};
use crate::platform::redis::{Patience, Redis};

/// Before every entry.
const START: &str = "0-0";
/// How long one read waits for new entries.
const BLOCK: Duration = Duration::from_secs(1);

pub(super) struct StreamSource {
    redis: Redis,
    group: &'static str,
    consumer: String,
    settings: EventSettings,
    conn: Option<MultiplexedConnection>,
    patience: Patience,
    /// When to look for entries that their consumers did not finish.
    claim_due: Instant,
    /// Where that look goes on: one step sees a part of the group's entries only.
    claim_from: String,
}

impl StreamSource {
    pub fn new(
        redis: Redis,
        group: &'static str,
        consumer: String,
        settings: EventSettings,
    ) -> Self {
        let (patience, claim_due) = (redis.patience(), Instant::now());
        Self {
            redis,
            group,
            consumer,
            settings,
            conn: None,
            patience,
            claim_due,
            claim_from: START.to_owned(),
        }
    }

    /// This source's own connection: reads block it.
    async fn connected(&mut self) -> Result<MultiplexedConnection, CarrierError> {
        if let Some(conn) = &self.conn {
            return Ok(conn.clone());
        }
        match self.redis.blocking(BLOCK).await {
            Ok(conn) => {
                self.patience.reset();
                self.conn = Some(conn.clone());
                Ok(conn)
            }
            Err(error) => {
                self.patience.pause().await;
                Err(error.into())
            }
        }
    }

    async fn next(&mut self) -> Result<Vec<Delivery<String>>, CarrierError> {
        let mut conn = self.connected().await?;
        if Instant::now() >= self.claim_due {
            let stuck = self.claim_stuck(&mut conn).await?;
            if self.claim_from == START {
                self.claim_due = Instant::now() + self.settings.claim_after() / 4;
            }
            if !stuck.is_empty() {
                return Ok(stuck);
            }
        }
        let block = u64::try_from(BLOCK.as_millis()).unwrap_or(u64::MAX);
        let reply: Option<StreamReadReply> = redis::cmd("XREADGROUP")
            .arg(&["GROUP", self.group, &self.consumer, "COUNT"])
            .arg(self.settings.batch)
            .arg("BLOCK")
            .arg(block)
            .arg(&["STREAMS", STREAM, ">"])
            .query_async(&mut conn)
            .await?;
        let entries = reply
            .into_iter()
            .flat_map(|reply| reply.keys)
            .flat_map(|key| key.ids);
        self.read(&mut conn, entries.map(|entry| (entry, 1)).collect())
            .await
    }

    /// Takes over entries that nobody finished in time: of consumers that are gone, and failures.
    async fn claim_stuck(
        &mut self,
        conn: &mut MultiplexedConnection,
    ) -> Result<Vec<Delivery<String>>, CarrierError> {
        let claimed: StreamAutoClaimReply = redis::cmd("XAUTOCLAIM")
            .arg(&[STREAM, self.group, &self.consumer])
            .arg(self.settings.claim_after_ms)
            .arg(&self.claim_from)
            .arg("COUNT")
            .arg(self.settings.batch)
            .query_async(conn)
            .await?;
        self.claim_from = claimed.next_stream_id;
        if claimed.claimed.is_empty() {
            return Ok(Vec::new());
        }
        let mut ask = redis::pipe();
        for StreamId { id, .. } in &claimed.claimed {
            ask.cmd("XPENDING").arg(&[STREAM, self.group, id, id, "1"]);
        }
        let pending: Vec<StreamPendingCountReply> = ask.query_async(conn).await?;
        let attempts = pending.into_iter().map(|reply| {
            let times = reply
                .ids
                .first()
                .map_or(1, |pending| pending.times_delivered);
            u32::try_from(times).unwrap_or(u32::MAX)
        });
        self.read(conn, claimed.claimed.into_iter().zip(attempts).collect())
            .await
    }

    /// The events in entries. What is no event would fail for ever: it goes to the dead letters.
    async fn read(
        &self,
        conn: &mut MultiplexedConnection,
        entries: Vec<(StreamId, u32)>,
    ) -> Result<Vec<Delivery<String>>, CarrierError> {
        let mut deliveries = Vec::with_capacity(entries.len());
        for (entry, attempt) in entries {
            match read_entry(&entry) {
                Ok(envelope) => deliveries.push(Delivery {
                    key: entry.id,
                    envelope,
                    attempt,
                }),
                Err(error) => {
                    tracing::error!(
                        entry = entry.id,
                        event.group = self.group,
                        error = &error as &dyn Error,
                        "an entry of the stream is no event; it goes to the dead letters"
                    );
                    let content: Vec<u8> = entry.get(FIELD).unwrap_or_default();
                    let mut bury = redis::pipe();
                    self.bury(bury.atomic(), &content, &error.to_string(), attempt);
                    bury.cmd("XACK")
                        .arg(&[STREAM, self.group, &entry.id])
                        .ignore();
                    bury.query_async::<()>(conn).await?;
                }
            }
        }
        Ok(deliveries)
    }

    /// Adds a dead letter to a batch of commands.
    fn bury(&self, batch: &mut redis::Pipeline, content: &[u8], error: &str, attempts: u32) {
        batch
            .cmd("XADD")
            .arg(&[DEAD, "MAXLEN", "~"])
            .arg(self.settings.stream_max_events)
            .arg(&["*", FIELD])
            .arg(content)
            .arg(&["group", self.group, "error", error, "attempts"])
            .arg(attempts)
            .ignore();
    }

    async fn repair(&mut self, error: &CarrierError) -> RedisResult<()> {
        let code = error
            .downcast_ref::<redis::RedisError>()
            .and_then(redis::RedisError::code);
        if let (Some("NOGROUP"), Some(conn)) = (code, &mut self.conn) {
            // Redis lost the stream: the relay fills it again, and this group reads all of it.
            return create_group(conn, self.group, "0").await;
        }
        self.conn = None;
        Ok(())
    }

    async fn run<T>(&mut self, command: &redis::Pipeline) -> Result<T, CarrierError>
    where
        T: redis::FromRedisValue,
    {
        let mut conn = self.connected().await?;
        let outcome = command.query_async(&mut conn).await;
        if outcome.is_err() {
            self.conn = None;
        }
        Ok(outcome?)
    }
}

impl Source for StreamSource {
    type Key = String;

    fn take(&mut self) -> BoxFuture<'_, Result<Vec<Delivery<String>>, CarrierError>> {
        Box::pin(async {
            let taken = self.next().await;
            if let Err(error) = &taken {
                self.repair(error).await?;
            }
            taken
        })
    }

    /// Claiming its own entries anew sets back their idle time, and counts no delivery.
    fn keep(&mut self, keys: Vec<String>) -> BoxFuture<'_, Result<(), CarrierError>> {
        Box::pin(async move {
            let mut command = redis::pipe();
            command
                .cmd("XCLAIM")
                .arg(&[STREAM, self.group, &self.consumer, "0"])
                .arg(keys)
                .arg("JUSTID")
                .ignore();
            self.run(&command).await
        })
    }

    fn settle(
        &mut self,
        settled: Vec<(Delivery<String>, Outcome)>,
    ) -> BoxFuture<'_, Result<(), CarrierError>> {
        Box::pin(async move {
            if settled.is_empty() {
                return Ok(());
            }
            let mut command = redis::pipe();
            command.atomic();
            for (
                Delivery {
                    envelope, attempt, ..
                },
                outcome,
            ) in &settled
            {
                if let Outcome::Dead { error } = outcome {
                    self.bury(
                        &mut command,
                        &serde_json::to_vec(envelope)?,
                        error,
                        *attempt,
                    );
                }
            }
            let keys: Vec<&str> = settled
                .iter()
                .map(|(delivery, _)| delivery.key.as_str())
                .collect();
            command
                .cmd("XACK")
                .arg(&[STREAM, self.group])
                .arg(keys)
                .ignore();
            self.run(&command).await
        })
    }
}
