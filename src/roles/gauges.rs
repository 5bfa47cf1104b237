//! Gauges that no request moves: pools, queues, lag. Kept current in the background, so that reading
//! `/metrics` touches nothing.

use std::{collections::BTreeSet, error::Error, time::Duration};

use metrics::gauge;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{Role, parts::Parts};
use crate::platform::{
    bus::EventFigures,
    db::{Db, DbError},
    jobs::{self, JobCount},
    redis::Redis,
    telemetry,
};

const INTERVAL: Duration = Duration::from_secs(2);

/// Keeps the gauges of this process's roles current until `stop`.
pub(super) async fn keep_current(parts: Parts, roles: BTreeSet<Role>, stop: CancellationToken) {
    gauge!("kaname_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let mut queues = Queues::default();
    loop {
        // Histograms keep every sample until this, or a scrape, folds them into their buckets.
        telemetry::prometheus().run_upkeep();
        pools(&parts);
        parts.gateway.set_gauges();
        parts.inference.set_gauges();
        // Only the event-processor measures them.
        if let Some(figures) = parts.bus.gauges().read() {
            events(&figures);
        }
        if roles.contains(&Role::Worker) {
            queues.measure(&parts.db).await;
        }
        if stop
            .run_until_cancelled(time::sleep(INTERVAL))
            .await
            .is_none()
        {
            return;
        }
    }
}

fn pools(parts: &Parts) {
    for pool in parts.db.usage() {
        gauge!("kaname_pool_size", "pool" => pool.name).set(count(pool.size));
        gauge!("kaname_pool_in_use", "pool" => pool.name).set(count(pool.in_use));
    }
    if let Some((in_use, size)) = parts.redis.as_ref().map(Redis::usage) {
        gauge!("kaname_pool_size", "pool" => "redis").set(count(size));
        gauge!("kaname_pool_in_use", "pool" => "redis").set(count(in_use));
    }
}

fn events(figures: &EventFigures) {
    gauge!("kaname_outbox_events").set(count(figures.outbox.events));
    gauge!("kaname_outbox_lag_seconds").set(figures.outbox.oldest.as_secs_f64());
    gauge!("kaname_event_dead_letters").set(count(figures.dead_letters));
    if let Some(length) = figures.stream_length {
        gauge!("kaname_event_stream_length").set(count(length));
    }
}

/// The series of job queues that were told, so that one that became empty is told as 0.
#[derive(Default)]
struct Queues(BTreeSet<(String, &'static str)>);

impl Queues {
    async fn measure(&mut self, db: &Db) {
        let counts = match db.read(jobs::counts).await {
            Ok(counts) => counts,
            Err::<_, DbError>(error) => {
                tracing::debug!(
                    error = &error as &dyn Error,
                    "the job queues were not counted"
                );
                return;
            }
        };
        let tell = |queue: &str, state: &'static str, jobs: usize| {
            gauge!("kaname_jobs", "queue" => queue.to_owned(), "state" => state).set(count(jobs));
        };
        for (queue, state) in &self.0 {
            tell(queue, state, 0);
        }
        for JobCount { queue, state, jobs } in counts {
            tell(&queue, state.name(), jobs);
            self.0.insert((queue, state.name()));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
const fn count(count: usize) -> f64 {
    count as f64
}
