//! Brings what this process writes to its tails and to those of others, and what others write here.

use std::{collections::BTreeSet, time::Duration};

use deadpool_redis::redis::{
    self,
    aio::{ConnectionLike, MultiplexedConnection},
    streams::{StreamId, StreamRangeReply, StreamReadReply},
};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};
use tokio_util::sync::CancellationToken;

use super::{
    LiveTraces, Position,
    window::{Changed, Window},
};
use crate::{
    kernel::{ProjectId, error_chain},
    llm_integration::{ChangedTraces, Recorder, TraceId},
    platform::redis::{Redis, RedisError},
};

const STREAM: &str = "kaname:live-traces";
/// The field of an entry that holds which traces changed, as JSON; empty when that is not known.
const FIELD: &str = "changed";
/// Entries that the stream keeps, about: what a tail that comes back can go on from.
const STREAM_ENTRIES: usize = 4000;
/// Changes of one entry, about.
const ENTRY_CHANGES: usize = 500;
/// Entries that are read at once.
const BATCH: usize = 100;
/// How long one read waits for something to come.
const BLOCK: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
enum CarrierError {
    #[error("Redis failed")]
    Redis(#[from] RedisError),
    #[error("what changed has no JSON form")]
    Entry(#[from] serde_json::Error),
    #[error("an entry of the stream has an id that is none: {0}")]
    Id(String),
}

impl From<redis::RedisError> for CarrierError {
    fn from(error: redis::RedisError) -> Self {
        Self::Redis(error.into())
    }
}

/// Tells the tails of this process what changes, until `stop`, and ends them then.
pub async fn carry(
    live: LiveTraces,
    recorder: Recorder,
    redis: Option<Redis>,
    stop: CancellationToken,
) {
    let carrying = async {
        match redis {
            None => hear_own(&live, recorder.changes()).await,
            Some(redis) => hear_all(&live, &redis).await,
        }
    };
    let _stopped = stop.run_until_cancelled(carrying).await;
    live.close();
    stop.cancelled().await;
}

/// What this process writes is all there is.
async fn hear_own(live: &LiveTraces, mut heard: Receiver<ChangedTraces>) {
    loop {
        match heard.recv().await {
            Ok(changed) => live.update(|window| {
                let at = window.newest().next();
                window.push(at, changed.to_vec());
            }),
            Err(RecvError::Lagged(_)) => live.update(|window| window.miss(window.newest())),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Tells the other processes what this one writes, until `stop` and what was written by then.
pub async fn publish(recorder: Recorder, redis: Redis, stop: CancellationToken) {
    let mut heard = recorder.changes();
    let mut patience = redis.patience();
    let mut waiting = Waiting::default();
    loop {
        let received = stop.run_until_cancelled(heard.recv()).await;
        let is_last = received.is_none();
        match received {
            None => recorder.applied().await,
            Some(Ok(changed)) => waiting.add(&changed),
            Some(Err(RecvError::Lagged(_))) => waiting.missed = true,
            Some(Err(RecvError::Closed)) => return stop.cancelled().await,
        }
        waiting.gather(&mut heard);
        match waiting.send(&redis).await {
            Ok(()) => patience.reset(),
            Err(error) => {
                let error = error_chain(&error);
                tracing::debug!(error, "live tails elsewhere miss what this process writes");
                waiting = Waiting::missed();
                if !is_last {
                    patience.pause().await;
                }
            }
        }
        if is_last {
            return;
        }
    }
}

/// What was not told yet.
#[derive(Default)]
struct Waiting {
    changed: BTreeSet<(ProjectId, TraceId)>,
    /// Something is not known any more.
    missed: bool,
}

impl Waiting {
    fn missed() -> Self {
        Self {
            changed: BTreeSet::new(),
            missed: true,
        }
    }

    fn add(&mut self, changed: &ChangedTraces) {
        self.changed.extend(changed.iter().cloned());
    }

    /// What has come in the meantime shares an entry.
    fn gather(&mut self, heard: &mut Receiver<ChangedTraces>) {
        while self.changed.len() < ENTRY_CHANGES {
            match heard.try_recv() {
                Ok(changed) => self.add(&changed),
                Err(TryRecvError::Lagged(_)) => self.missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    async fn send(&mut self, redis: &Redis) -> Result<(), CarrierError> {
        let mut entries = Vec::new();
        if self.missed {
            entries.push(String::new());
        }
        let changed: Vec<_> = self.changed.iter().collect();
        for chunk in changed.chunks(ENTRY_CHANGES) {
            entries.push(serde_json::to_string(chunk)?);
        }
        if entries.is_empty() {
            return Ok(());
        }
        let mut conn = redis.connection().await?;
        for entry in entries {
            let add: redis::RedisResult<String> = redis::cmd("XADD")
                .arg(STREAM)
                .arg("MAXLEN")
                .arg("~")
                .arg(STREAM_ENTRIES)
                .arg(&["*", FIELD, &entry])
                .query_async(&mut conn)
                .await;
            add?;
        }
        *self = Self::default();
        Ok(())
    }
}

/// Reads what every process writes, again and again when Redis goes away.
async fn hear_all(live: &LiveTraces, redis: &Redis) {
    let mut patience = redis.patience();
    let mut position = None;
    loop {
        let read = match redis.blocking(BLOCK).await {
            Ok(mut conn) => {
                patience.reset();
                read_on(&mut conn, live, &mut position).await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = read {
            let error = error_chain(&error);
            tracing::warn!(error, "live tails here hear of nothing for now");
        }
        patience.pause().await;
    }
}

/// Reads on one connection until it fails.
async fn read_on(
    conn: &mut MultiplexedConnection,
    live: &LiveTraces,
    position: &mut Option<Position>,
) -> Result<(), CarrierError> {
    let mut last = find_place(conn, live, *position).await?;
    loop {
        *position = Some(last);
        let reply: Option<StreamReadReply> = redis::cmd("XREAD")
            .arg("COUNT")
            .arg(BATCH)
            .arg("BLOCK")
            .arg(u64::try_from(BLOCK.as_millis()).unwrap_or(u64::MAX))
            .arg(&["STREAMS", STREAM, &last.to_string()])
            .query_async(conn)
            .await?;
        let keys = reply.into_iter().flat_map(|reply| reply.keys);
        let entries: Vec<_> = keys.flat_map(|key| key.ids).collect();
        let is_behind = entries.len() == BATCH;
        for entry in &entries {
            last = id_of(entry)?;
            let changed = changed(entry).unwrap_or_else(|error| {
                tracing::error!(entry = entry.id, %error, "an entry of the stream says nothing");
                None
            });
            live.update(|window| match changed {
                Some(changed) => window.push(last, changed),
                None => window.miss(last),
            });
            *position = Some(last);
        }
        if is_behind {
            // A reader that is slow can be overtaken by the cutting.
            last = find_place(conn, live, Some(last)).await?;
        }
    }
}

/// Where to read on: after `position` if its entry is still there. Otherwise entries may be gone
/// that nobody read here, and everybody has missed something; at the start nobody has.
async fn find_place(
    conn: &mut impl ConnectionLike,
    live: &LiveTraces,
    position: Option<Position>,
) -> Result<Position, CarrierError> {
    let Some(position) = position else {
        let oldest = edge(conn, "XRANGE", ["-", "+"]).await?;
        let start = oldest.unwrap_or_default();
        live.update(|window| *window = Window::new(start));
        return Ok(start);
    };
    let id = position.to_string();
    if edge(conn, "XRANGE", [&id, &id]).await?.is_some() {
        return Ok(position);
    }
    let newest = edge(conn, "XREVRANGE", ["+", "-"]).await?;
    // A stream that is empty and was so before has lost nothing.
    if newest.is_none() && position == Position::default() {
        return Ok(position);
    }
    let newest = newest.unwrap_or_default();
    live.update(|window| window.miss(newest));
    Ok(newest)
}

/// The id of the first entry that a range command gives.
async fn edge(
    conn: &mut impl ConnectionLike,
    command: &str,
    range: [&str; 2],
) -> Result<Option<Position>, CarrierError> {
    let found: StreamRangeReply = redis::cmd(command)
        .arg(STREAM)
        .arg(&range)
        .arg(&["COUNT", "1"])
        .query_async(conn)
        .await?;
    found.ids.first().map(id_of).transpose()
}

fn id_of(entry: &StreamId) -> Result<Position, CarrierError> {
    let parsed = entry.id.parse();
    parsed.map_err(|_| CarrierError::Id(entry.id.clone()))
}

/// `None` when what changed is not known.
fn changed(entry: &StreamId) -> serde_json::Result<Option<Changed>> {
    let json: String = entry.get(FIELD).unwrap_or_default();
    if json.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&json)?))
}
