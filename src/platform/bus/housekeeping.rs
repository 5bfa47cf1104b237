//! What the event-processor does beside moving events: settles and trims the stream, and measures.

use std::{error::Error, sync::Arc, time::Duration};

use deadpool_redis::redis::{
    self,
    aio::ConnectionLike,
    streams::{StreamInfoGroupsReply, StreamPendingReply},
};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{
    Bus, EventFigures,
    carriers::Carrier,
    consumer::CarrierError,
    entry::EntryId,
    stream::{DEAD, STREAM, StreamState, state},
};
use crate::platform::{db::DbError, events::Subscriptions, outbox, redis::Redis};

const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(bus: Bus, subscriptions: Arc<Subscriptions>, stop: CancellationToken) {
    while stop.run_until_cancelled(time::sleep(EVERY)).await.is_some() {
        if let Err(error) = pass(&bus, &subscriptions).await {
            tracing::warn!(error = &*error as &dyn Error, "the bus could not be tidied");
        }
    }
}

async fn pass(bus: &Bus, subscriptions: &Subscriptions) -> Result<(), CarrierError> {
    let now = bus.clock.now();
    let measure = bus.db.read(move |conn| {
        Ok::<_, DbError>(EventFigures {
            outbox: outbox::lag(conn, now)?,
            dead_letters: outbox::dead_count(conn)?,
            stream_length: None,
        })
    });
    let mut figures = measure.await?;
    if let Carrier::Redis(redis) = &bus.carrier {
        let stream = tidy_stream(bus, redis, subscriptions).await?;
        figures.dead_letters += dead_letters(redis).await?;
        figures.stream_length = Some(stream.length);
    }
    bus.gauges().set(figures);
    Ok(())
}

async fn dead_letters(redis: &Redis) -> Result<usize, CarrierError> {
    let mut conn = redis.connection().await?;
    Ok(redis::cmd("XLEN").arg(DEAD).query_async(&mut conn).await?)
}

/// Notes in the outbox what every group is done with, and trims the stream of that alone.
async fn tidy_stream(
    bus: &Bus,
    redis: &Redis,
    subscriptions: &Subscriptions,
) -> Result<StreamState, CarrierError> {
    let mut conn = redis.connection().await?;
    let Some(stream) = state(&mut conn).await? else {
        return Ok(StreamState::default());
    };
    let Some(before) = done_before(&mut conn, &stream, subscriptions).await? else {
        return Ok(stream);
    };
    let (sortable, now) = (before.to_sortable(), bus.clock.now());
    bus.db
        .write(move |conn| outbox::mark_settled_by_entry(conn, &sortable, now))
        .await?;
    if stream.length > bus.settings.stream_max_events {
        let mut trim = redis::cmd("XTRIM");
        trim.arg(&[STREAM, "MINID"]).arg(before.to_string());
        let entries: i64 = trim.query_async(&mut conn).await?;
        tracing::debug!(entries, "trimmed the stream");
    }
    Ok(stream)
}

/// Every group is done with the entries before this one; `None` when a group of ours is missing.
/// A group of an older or newer release counts as well.
async fn done_before(
    conn: &mut impl ConnectionLike,
    stream: &StreamState,
    subscriptions: &Subscriptions,
) -> Result<Option<EntryId>, CarrierError> {
    let reply: StreamInfoGroupsReply = redis::cmd("XINFO")
        .arg(&["GROUPS", STREAM])
        .query_async(conn)
        .await?;
    let exists = |name: &str| reply.groups.iter().any(|group| group.name == name);
    if !subscriptions.groups().all(|(name, _)| exists(name)) {
        return Ok(None);
    }
    let mut before = stream.newest.next();
    for group in &reply.groups {
        let delivered: EntryId = group.last_delivered_id.parse()?;
        before = before.min(delivered.next());
        let pending: StreamPendingReply = redis::cmd("XPENDING")
            .arg(&[STREAM, &group.name])
            .query_async(conn)
            .await?;
        if let StreamPendingReply::Data(pending) = pending {
            before = before.min(pending.start_id.parse()?);
        }
    }
    Ok(Some(before))
}
