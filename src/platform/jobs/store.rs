//! Jobs enqueued, counted and removed.

use diesel::{dsl, insert_into, prelude::*};

use super::{
    Job, JobId, JobState, NewJob,
    schema::platform_job::{self, dsl as j},
};
use crate::{
    kernel::{Clock, Timestamp},
    platform::{
        db::{Conn, DbError, JsonColumn, each_backend},
        wakeup::Topic,
    },
};

/// How often to look for the live job that a unique key names, when it ends just then.
const UNIQUE_KEY_TRIES: u32 = 3;

/// Queues a job when, and only when, the running transaction commits. Returns its id, or the id of
/// the live job that has its unique key.
///
/// # Errors
/// When the payload has no JSON form, or the database fails.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a job is handed over, not lent"
)]
pub fn enqueue<J: Job>(conn: &mut Conn, clock: &Clock, new: NewJob<J>) -> Result<JobId, DbError> {
    let payload = serde_json::to_value(&new.job).map_err(|error| DbError::Corrupt {
        what: format!("job {}: {error}", J::KIND),
    })?;
    let (now, key) = (clock.now(), new.stored_key());
    let id = new.id.unwrap_or_else(|| clock.new_id());
    let max_attempts = i32::try_from(J::POLICY.max_attempts).unwrap_or(i32::MAX);
    for _ in 0..UNIQUE_KEY_TRIES {
        let row = (
            (
                j::id.eq(id),
                j::project_id.eq(new.project),
                j::kind.eq(J::KIND),
                j::queue.eq(J::QUEUE),
            ),
            (
                j::payload.eq(JsonColumn(payload.clone())),
                j::state.eq(JobState::Queued.name()),
            ),
            (
                j::priority.eq(new.priority),
                j::run_at.eq(new.run_at.unwrap_or(now)),
            ),
            (
                j::attempts.eq(0),
                j::max_attempts.eq(max_attempts),
                j::unique_key.eq(&key),
            ),
            (
                j::requested_by.eq(&new.requested_by),
                j::created_at.eq(now),
                j::cancel_requested.eq(false),
            ),
        );
        let inserted = each_backend!(conn, |c| {
            insert_into(j::platform_job)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
        if inserted == 1 {
            conn.wake_after_commit(Topic::Jobs);
            return Ok(id);
        }
        if new.id.is_some() {
            return Ok(id);
        }
        if let Some(live) = live_with_key(conn, J::KIND, key.as_deref())? {
            return Ok(live);
        }
    }
    Err(DbError::Corrupt {
        what: format!("jobs of kind {} with one unique key keep ending", J::KIND),
    })
}

fn live_with_key(conn: &mut Conn, kind: &str, key: Option<&str>) -> Result<Option<JobId>, DbError> {
    let live = [JobState::Queued.name(), JobState::Running.name()];
    let query = j::platform_job
        .filter(j::kind.eq(kind))
        .filter(j::unique_key.eq(key))
        .filter(j::state.eq_any(live))
        .select(j::id);
    Ok(each_backend!(conn, |c| query.first(c).optional())?)
}

/// How many jobs of a queue are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobCount {
    pub queue: String,
    pub state: JobState,
    pub jobs: usize,
}

/// Counts the jobs that wait, run, or are dead.
///
/// # Errors
/// When the database fails.
pub fn counts(conn: &mut Conn) -> Result<Vec<JobCount>, DbError> {
    let counted = [JobState::Queued, JobState::Running, JobState::Dead];
    let query = j::platform_job
        .filter(j::state.eq_any(counted.map(JobState::name)))
        .group_by((j::queue, j::state))
        .select((j::queue, j::state, dsl::count_star()));
    let rows: Vec<(String, String, i64)> = each_backend!(conn, |c| query.load(c))?;
    rows.into_iter()
        .map(|(queue, state, jobs)| {
            Ok(JobCount {
                queue,
                state: parse_state(&state)?,
                jobs: usize::try_from(jobs).unwrap_or_default(),
            })
        })
        .collect()
}

pub(super) fn parse_state(name: &str) -> Result<JobState, DbError> {
    name.parse().map_err(|what| DbError::Corrupt { what })
}

/// Deletes at most `limit` jobs that ended before `before`.
pub(super) fn delete_ended_before(
    conn: &mut Conn,
    before: Timestamp,
    limit: i64,
) -> Result<usize, DbError> {
    let old = j::platform_job
        .filter(j::ended_at.lt(before))
        .order(j::ended_at)
        .limit(limit)
        .select(j::id);
    let old: Vec<JobId> = each_backend!(conn, |c| old.load(c))?;
    let rows = diesel::delete(platform_job::table.filter(j::id.eq_any(old)));
    Ok(each_backend!(conn, |c| rows.execute(c))?)
}
