//! The relay: moves events from the outbox to the bus, in the order of their commits.

use std::{error::Error, sync::Arc, time::Duration};

use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{Bus, carriers::Carrier, consumer::CarrierError, stream, table};
use crate::platform::{
    db::Db,
    events::{Envelope, Subscriptions},
    outbox,
    wakeup::Topic,
};

/// Pause after the database or Redis failed.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn run(bus: Bus, subscriptions: Arc<Subscriptions>, stop: CancellationToken) {
    let full_batch = usize::from(bus.settings.batch);
    while !stop.is_cancelled() {
        match pass(&bus, &subscriptions).await {
            Ok(moved) if moved == full_batch => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(
                    error = &*error as &dyn Error,
                    "events could not be relayed; they wait in the outbox"
                );
                let _stopped = stop.run_until_cancelled(time::sleep(PAUSE)).await;
                continue;
            }
        }
        tokio::select! {
            () = bus.db.wakeups().next(Topic::Outbox) => {}
            () = time::sleep(bus.settings.poll_interval()) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Moves one batch.
async fn pass(bus: &Bus, subscriptions: &Arc<Subscriptions>) -> Result<usize, CarrierError> {
    match &bus.carrier {
        Carrier::Redis(redis) => stream::relay(bus, redis).await,
        Carrier::Process { .. } => {
            if bus
                .db
                .read(|conn| outbox::undelivered(conn, 1))
                .await?
                .is_empty()
            {
                return Ok(0);
            }
            let (now, limit) = (bus.clock.now(), i64::from(bus.settings.batch));
            let subscribed = Arc::clone(subscriptions);
            let write = bus
                .db
                .write(move |conn| table::relay(conn, &subscribed, now, limit));
            let relayed: Vec<Envelope> = write.await?;
            let count = relayed.len();
            bus.moved_here(relayed);
            Ok(count)
        }
    }
}

/// Events that a stream holds which this process does not read any more are relayed again.
pub(super) async fn take_back_from_stream(db: &Db) {
    loop {
        let taken = db
            .write(|conn| outbox::forget_entries_after(conn, ""))
            .await;
        match taken {
            Ok(0) => return,
            Ok(events) => {
                return tracing::warn!(
                    events,
                    "Redis is not configured any more; its events are relayed again"
                );
            }
            Err(error) => tracing::warn!(error = &error as &dyn Error, "waiting for the database"),
        }
        time::sleep(PAUSE).await;
    }
}
