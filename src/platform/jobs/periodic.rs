//! Enqueues periodic jobs at their times.

use std::{error::Error, sync::Arc, time::Duration};

use tokio::time;
use tokio_util::task::AbortOnDropHandle;

use super::{perform::Performer, registry::Periodic};
use crate::{kernel::Timestamp, platform::db::DbError};

/// Wait before another try while the database is away.
const RETRY: Duration = Duration::from_secs(1);

/// One task for each periodic job; they end when this is dropped.
pub(super) fn spawn(performer: &Arc<Performer>) -> Vec<AbortOnDropHandle<()>> {
    let tick = |periodic: &Periodic| {
        AbortOnDropHandle::new(tokio::spawn(tick(periodic.clone(), Arc::clone(performer))))
    };
    performer.registry.periodic().iter().map(tick).collect()
}

/// The latest tick is enqueued at the start too: the first process after a pause catches up once,
/// and where another process has enqueued it, nothing happens.
async fn tick(periodic: Periodic, performer: Arc<Performer>) {
    loop {
        let now = performer.clock.now();
        let tick = latest_tick(now, periodic.every);
        if let Err(error) = enqueue(&periodic, &performer, tick).await {
            tracing::warn!(
                job.kind = periodic.kind,
                error = &error as &dyn Error,
                "a periodic job could not be enqueued"
            );
            time::sleep(RETRY).await;
            continue;
        }
        time::sleep(tick.plus(periodic.every).since(now)).await;
    }
}

async fn enqueue(
    periodic: &Periodic,
    performer: &Performer,
    tick: Timestamp,
) -> Result<(), DbError> {
    let (enqueue, clock) = (Arc::clone(&periodic.enqueue), performer.clock.clone());
    performer
        .db
        .write(move |conn| enqueue(conn, &clock, tick))
        .await
}

/// The latest multiple of `every` since the epoch.
fn latest_tick(now: Timestamp, every: Duration) -> Timestamp {
    let every = i64::try_from(every.as_micros()).unwrap_or(i64::MAX).max(1);
    let micros = now.unix_micros();
    Timestamp::from_unix_micros(micros - micros.rem_euclid(every)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_the_same_for_every_process() {
        let at = |seconds: i64| Timestamp::from_unix_micros(seconds * 1_000_000 + 17).unwrap();
        let minute = Duration::from_mins(1);
        assert_eq!(latest_tick(at(59), minute), latest_tick(at(1), minute));
        assert_eq!(latest_tick(at(60), minute).unix_micros(), 60_000_000);
    }
}
