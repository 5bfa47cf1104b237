//! The carrier with Redis, from the relay's side: the stream, its groups, and what it may have lost.

use std::{error::Error, time::Duration};

use deadpool_redis::{
    Connection,
    redis::{
        self, RedisResult,
        streams::{StreamId, StreamInfoConsumersReply, StreamInfoStreamReply},
    },
};
use tokio::runtime::Handle;

use super::{Bus, consumer::CarrierError, entry::EntryId};
use crate::{
    kernel::Timestamp,
    platform::{
        db::{Conn, DbError},
        events::Envelope,
        outbox::{self, Undelivered},
        redis::{Redis, RedisError},
    },
};

pub(super) const STREAM: &str = "kaname:events";
pub(super) const DEAD: &str = "kaname:events:dead";
/// The field of an entry that holds the envelope as JSON.
pub(super) const FIELD: &str = "event";
/// A consumer that was silent this long has no process any more: a living one reads every second.
const CONSUMER_GONE: Duration = Duration::from_hours(1);

/// The event in an entry.
pub(super) fn read_entry(entry: &StreamId) -> Result<Envelope, serde_json::Error> {
    let json: Vec<u8> = entry.get(FIELD).unwrap_or_default();
    serde_json::from_slice(&json)
}

/// What stands about the stream in Redis.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StreamState {
    /// The newest id given out.
    pub newest: EntryId,
    pub length: usize,
}

/// The stream's state; `None` when there is no stream.
pub(super) async fn state(
    conn: &mut impl redis::aio::ConnectionLike,
) -> RedisResult<Option<StreamState>> {
    let exists: bool = redis::cmd("EXISTS").arg(STREAM).query_async(conn).await?;
    if !exists {
        return Ok(None);
    }
    let facts: StreamInfoStreamReply = redis::cmd("XINFO")
        .arg(&["STREAM", STREAM])
        .query_async(conn)
        .await?;
    let newest = facts.last_generated_id.parse();
    let newest = newest.map_err(|_| (redis::ErrorKind::UnexpectedReturnType, "no entry id"))?;
    Ok(Some(StreamState {
        newest,
        length: facts.length,
    }))
}

/// Creates the groups that do not exist, waiting for Redis as long as it takes.
pub(super) async fn create_groups(redis: &Redis, groups: &[&'static str]) {
    let mut patience = redis.patience();
    while let Err(error) = try_create_groups(redis, groups).await {
        tracing::warn!(error = &error as &dyn Error, "waiting for Redis");
        patience.pause().await;
    }
}

async fn try_create_groups(redis: &Redis, groups: &[&'static str]) -> Result<(), RedisError> {
    let mut conn = redis.connection().await?;
    for group in groups {
        // A group that is new to an old stream begins with what comes now.
        create_group(&mut conn, group, "$").await?;
        remove_idle_consumers(&mut conn, group).await?;
    }
    Ok(())
}

/// Each process is a consumer of its own; those of processes long gone are removed, once others have
/// taken over what they left.
async fn remove_idle_consumers(conn: &mut Connection, group: &str) -> RedisResult<()> {
    let reply: StreamInfoConsumersReply = redis::cmd("XINFO")
        .arg(&["CONSUMERS", STREAM, group])
        .query_async(conn)
        .await?;
    let is_gone =
        |idle: usize| u128::try_from(idle).is_ok_and(|idle| idle > CONSUMER_GONE.as_millis());
    for consumer in reply.consumers {
        if consumer.pending == 0 && is_gone(consumer.idle) {
            let remove = ["DELCONSUMER", STREAM, group, &consumer.name];
            redis::cmd("XGROUP")
                .arg(&remove)
                .query_async::<()>(conn)
                .await?;
        }
    }
    Ok(())
}

pub(super) async fn create_group(
    conn: &mut impl redis::aio::ConnectionLike,
    group: &str,
    from: &str,
) -> RedisResult<()> {
    let create = redis::cmd("XGROUP")
        .arg(&["CREATE", STREAM, group, from, "MKSTREAM"])
        .query_async::<()>(conn)
        .await;
    match create {
        Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
        outcome => outcome,
    }
}

/// Moves one batch from the outbox to the stream. Returns how many events it moved.
///
/// The transaction that holds the relay's turn stays open while Redis takes the batch: so a second
/// relay can not run ahead of this one, and when the process is killed the turn is free at once.
/// Redis is connected first; an answer has `redis.response_timeout_ms`.
pub(super) async fn relay(bus: &Bus, redis: &Redis) -> Result<usize, CarrierError> {
    let mut conn = redis.connection().await?;
    let (now, limit) = (bus.clock.now(), i64::from(bus.settings.batch));
    let state = state(&mut conn).await?;
    let waiting = bus.db.read(move |db| {
        let lost = outbox::last_entry(db)?.filter(|last| is_lost(last, state));
        Ok::<_, DbError>(lost.is_some() || !outbox::undelivered(db, 1)?.is_empty())
    });
    if !waiting.await? {
        return Ok(0);
    }
    bus.db
        .write(move |db| relay_in_turn(db, conn, now, limit))
        .await
}

fn relay_in_turn(
    db: &mut Conn,
    mut conn: Connection,
    now: Timestamp,
    limit: i64,
) -> Result<usize, CarrierError> {
    let Some(turn) = outbox::lock_relay(db)? else {
        return Ok(0);
    };
    let runtime = Handle::current();
    let state = runtime.block_on(state(&mut conn))?;
    if turn
        .last_entry
        .as_deref()
        .is_some_and(|last| is_lost(last, state))
    {
        let newest = state.unwrap_or_default().newest.to_sortable();
        let events = outbox::forget_entries_after(db, &newest)?;
        outbox::set_last_entry(db, &newest)?;
        tracing::warn!(
            events,
            "Redis lost entries of the stream; their events are relayed again"
        );
    }
    let events = outbox::undelivered(db, limit)?;
    if events.is_empty() {
        return Ok(0);
    }
    let ids = runtime.block_on(append(&mut conn, &events))?;
    for (event, id) in events.iter().zip(&ids) {
        let entry = id.parse::<EntryId>()?.to_sortable();
        outbox::mark_relayed(db, event.sequence, Some(&entry), now)?;
        outbox::set_last_entry(db, &entry)?;
    }
    Ok(events.len())
}

/// Whether the stream does not hold the entry that was written last.
fn is_lost(last: &str, state: Option<StreamState>) -> bool {
    last > state.unwrap_or_default().newest.to_sortable().as_str()
}

async fn append(
    conn: &mut Connection,
    events: &[Undelivered],
) -> Result<Vec<String>, CarrierError> {
    let mut batch = redis::pipe();
    for event in events {
        batch
            .cmd("XADD")
            .arg(STREAM)
            .arg("*")
            .arg(FIELD)
            .arg(serde_json::to_vec(&event.envelope)?);
    }
    Ok(batch.query_async(conn).await?)
}
