//! The platform's own periodic job: removes what was kept long enough.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Backoff, Job, JobContext, JobError, JobPolicy, JobRegistry, store};
use crate::{
    kernel::{Clock, Timestamp},
    platform::{
        db::{Conn, Db, DbError},
        http, outbox,
    },
};

const EVERY: Duration = Duration::from_mins(10);
/// Rows of one transaction: few enough that nobody waits long for SQLite's one writer.
const AT_ONCE: i64 = 500;

/// How long things stay after their end.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Events that every group has handled.
    pub events: Duration,
    /// Events that a group gave up.
    pub dead_events: Duration,
    pub jobs: Duration,
    /// Answers to idempotency keys.
    pub answers: Duration,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct RemoveOld {}

impl Job for RemoveOld {
    const KIND: &'static str = "platform.remove_old";
    const QUEUE: &'static str = "platform";
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 3,
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            max: Duration::from_mins(1),
        },
        timeout: Duration::from_mins(9),
    };
}

type Delete = fn(&mut Conn, Timestamp, i64) -> Result<usize, DbError>;

/// Adds the job to a process' registry.
#[must_use]
pub fn remove_old(
    registry: JobRegistry,
    db: &Db,
    clock: &Clock,
    retention: Retention,
) -> JobRegistry {
    let (db, clock) = (db.clone(), clock.clone());
    let handler = move |_: RemoveOld, context: JobContext| {
        let (db, clock) = (db.clone(), clock.clone());
        async move { remove_all(&db, clock.now(), retention, &context).await }
    };
    registry
        .on::<RemoveOld, _, _>(handler)
        .every(EVERY, RemoveOld {})
}

async fn remove_all(
    db: &Db,
    now: Timestamp,
    retention: Retention,
    context: &JobContext,
) -> Result<(), JobError> {
    let kinds: [(&str, Duration, Delete); 5] = [
        (
            "delivered events",
            retention.events,
            outbox::delete_settled_before,
        ),
        (
            "notes of handled events",
            retention.events,
            outbox::delete_handled_before,
        ),
        (
            "dead events",
            retention.dead_events,
            outbox::delete_dead_before,
        ),
        ("ended jobs", retention.jobs, store::delete_ended_before),
        (
            "answers to idempotency keys",
            retention.answers,
            http::delete_answers_before,
        ),
    ];
    for (what, kept, delete) in kinds {
        let removed = remove(db, now.minus(kept), delete, context).await?;
        if removed > 0 {
            tracing::info!(what, removed, "removed what was kept long enough");
        }
    }
    Ok(())
}

/// Deletes in small steps until nothing is left, or the job is cancelled.
async fn remove(
    db: &Db,
    before: Timestamp,
    delete: Delete,
    context: &JobContext,
) -> Result<usize, DbError> {
    let mut removed = 0;
    while !context.cancellation().is_cancelled() {
        let step = db.write(move |conn| delete(conn, before, AT_ONCE)).await?;
        removed += step;
        if step < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok(removed)
}
