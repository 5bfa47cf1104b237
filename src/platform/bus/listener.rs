//! A replica that reads the stream for its subscriptions that are for everywhere.

use std::{error::Error, sync::Arc, time::Duration};

use deadpool_redis::redis::{
    self,
    aio::MultiplexedConnection,
    streams::{StreamRangeReply, StreamReadReply},
};

use super::{
    EventSettings,
    consumer::CarrierError,
    entry::EntryId,
    stream::{STREAM, read_entry, state},
};
use crate::platform::{events::Subscriptions, redis::Redis};

/// How long one read waits for new entries.
const BLOCK: Duration = Duration::from_secs(1);

/// Reads from now on, for ever; says so when something may have been missed.
pub(super) async fn listen(
    redis: Redis,
    subscriptions: Arc<Subscriptions>,
    settings: &EventSettings,
) {
    let mut patience = redis.patience();
    let mut position = None;
    loop {
        let read = match redis.blocking(BLOCK).await {
            Ok(mut conn) => {
                patience.reset();
                read_on(&mut conn, &mut position, &subscriptions, settings).await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = read {
            tracing::warn!(
                error = &*error as &dyn Error,
                "events for this replica can not be read"
            );
        }
        patience.pause().await;
    }
}

/// Reads on one connection until it fails.
async fn read_on(
    conn: &mut MultiplexedConnection,
    position: &mut Option<EntryId>,
    subscriptions: &Subscriptions,
    settings: &EventSettings,
) -> Result<(), CarrierError> {
    let mut last = find_place(conn, *position, subscriptions).await?;
    loop {
        *position = Some(last);
        let reply: Option<StreamReadReply> = redis::cmd("XREAD")
            .arg("COUNT")
            .arg(settings.batch)
            .arg("BLOCK")
            .arg(u64::try_from(BLOCK.as_millis()).unwrap_or(u64::MAX))
            .arg(&["STREAMS", STREAM, &last.to_string()])
            .query_async(conn)
            .await?;
        let entries: Vec<_> = reply
            .into_iter()
            .flat_map(|r| r.keys)
            .flat_map(|key| key.ids)
            .collect();
        let behind = entries.len() == usize::from(settings.batch);
        for entry in entries {
            last = entry.id.parse()?;
            match read_entry(&entry) {
                Ok(envelope) => subscriptions.tell_everywhere(&envelope).await,
                Err(error) => tracing::error!(
                    entry = entry.id,
                    error = &error as &dyn Error,
                    "an entry of the stream is no event"
                ),
            }
            *position = Some(last);
        }
        if behind {
            // A reader that is slow can be overtaken by the trimming.
            last = find_place(conn, Some(last), subscriptions).await?;
        }
    }
}

/// Where to read on: after `position`, if its entry is still there or nothing came after it.
/// Otherwise entries may be gone that nobody read here (trimmed, or lost by Redis and filled in
/// again), or there is no position yet: then it tells of a gap and begins at the end, since what
/// is told of the gap looks at the present state anyway.
async fn find_place(
    conn: &mut MultiplexedConnection,
    position: Option<EntryId>,
    subscriptions: &Subscriptions,
) -> Result<EntryId, CarrierError> {
    let newest = state(conn).await?.unwrap_or_default().newest;
    if let Some(position) = position {
        let id = position.to_string();
        let entry: StreamRangeReply = redis::cmd("XRANGE")
            .arg(&[STREAM, &id, &id])
            .query_async(conn)
            .await?;
        if newest == position || !entry.ids.is_empty() {
            return Ok(position);
        }
    }
    subscriptions.tell_gap().await;
    Ok(newest)
}
