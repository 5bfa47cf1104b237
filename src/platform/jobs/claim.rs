//! Jobs under a lease: claimed, kept alive, ended, and taken back from the dead. SQL only.

use diesel::{prelude::*, update};
use serde_json::Value;

use super::{
    JobId, JobProgress, JobState,
    schema::platform_job::{self, dsl as j},
};
use crate::{
    kernel::{Id, ProjectId, Timestamp},
    platform::db::{Backend, Conn, DbError, JsonColumn, each_backend},
};

/// Marker of [`LeaseId`].
pub enum LeaseMarker {}
/// One attempt's right to its job. New for every claim: it is the fencing token.
pub(super) type LeaseId = Id<LeaseMarker>;
/// Marker of [`WorkerId`].
pub enum WorkerMarker {}
/// One process' run of jobs.
pub(super) type WorkerId = Id<WorkerMarker>;

/// Orphans taken back in one transaction.
const ORPHANS_AT_ONCE: i64 = 100;

/// A job that this process runs.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub id: JobId,
    pub lease: LeaseId,
    pub kind: String,
    pub project: Option<ProjectId>,
    pub payload: Value,
    /// 1 for the first.
    pub attempt: i32,
    pub max_attempts: i32,
    pub requested_by: String,
}

/// Claims up to `limit` jobs that are due, most urgent first.
pub(super) fn claim(
    conn: &mut Conn,
    (worker, lease): (WorkerId, LeaseId),
    (queue, kinds): (&str, &[&'static str]),
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Claim>, DbError> {
    type Row = (
        JobId,
        String,
        Option<ProjectId>,
        JsonColumn,
        i32,
        i32,
        String,
    );
    let due = j::platform_job
        .filter(j::state.eq(JobState::Queued.name()))
        .filter(j::queue.eq(queue))
        .filter(j::kind.eq_any(kinds.to_vec()))
        .filter(j::run_at.le(now))
        .order((j::priority.desc(), j::run_at, j::id))
        .limit(limit)
        .select((
            j::id,
            j::kind,
            j::project_id,
            j::payload,
            j::attempts,
            j::max_attempts,
            j::requested_by,
        ));
    // The engines differ: PostgreSQL's workers pass over rows that another is taking just now;
    // SQLite's transaction holds the only write lock.
    let rows: Vec<Row> = match conn.backend() {
        Backend::Pg(c) => due.for_update().skip_locked().load(c)?,
        Backend::Sqlite(c) => due.load(c)?,
    };
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<JobId> = rows.iter().map(|row| row.0).collect();
    let taken = update(platform_job::table.filter(j::id.eq_any(ids))).set((
        j::state.eq(JobState::Running.name()),
        j::lease.eq(Some(lease)),
        j::worker.eq(Some(worker)),
        j::attempts.eq(j::attempts + 1),
        j::started_at.eq(Some(now)),
        j::heartbeat_at.eq(Some(now)),
    ));
    each_backend!(conn, |c| taken.execute(c))?;
    let claim = |(id, kind, project, payload, attempts, max_attempts, requested_by): Row| {
        let attempt = attempts + 1;
        Claim {
            id,
            lease,
            kind,
            project,
            payload: payload.0,
            attempt,
            max_attempts,
            requested_by,
        }
    };
    Ok(rows.into_iter().map(claim).collect())
}

/// When the next job of a queue may run.
pub(super) fn next_run_at(
    conn: &mut Conn,
    queue: &str,
    kinds: &[&'static str],
) -> Result<Option<Timestamp>, DbError> {
    let query = j::platform_job
        .filter(j::state.eq(JobState::Queued.name()))
        .filter(j::queue.eq(queue))
        .filter(j::kind.eq_any(kinds.to_vec()))
        .order(j::run_at)
        .limit(1)
        .select(j::run_at);
    Ok(each_backend!(conn, |c| query.first(c).optional())?)
}

/// What becomes of a job when an attempt is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    /// Another attempt, not before this time.
    Again {
        run_at: Timestamp,
        error: String,
    },
    Dead {
        error: String,
    },
    Cancelled,
    /// Handed back unfinished through no fault of its own: the attempt does not count.
    Released,
}

/// Ends an attempt. `false` when it lost its lease: then nothing was changed, because the job has
/// been given to another attempt, or has ended.
pub(super) fn end(
    conn: &mut Conn,
    (id, lease): (JobId, LeaseId),
    ending: &Ending,
    now: Timestamp,
) -> Result<bool, DbError> {
    let (state, error) = match ending {
        Ending::Done => (JobState::Done, None),
        Ending::Again { error, .. } => (JobState::Queued, Some(error.as_str())),
        Ending::Dead { error } => (JobState::Dead, Some(error.as_str())),
        Ending::Cancelled => (JobState::Cancelled, None),
        Ending::Released => (JobState::Queued, None),
    };
    let ended_at = (state != JobState::Queued).then_some(now);
    let uncounted = i32::from(*ending == Ending::Released);
    let run_at = if let Ending::Again { run_at, .. } = ending {
        *run_at
    } else {
        now
    };
    let mine = platform_job::table
        .filter(j::id.eq(id))
        .filter(j::lease.eq(lease))
        .filter(j::state.eq(JobState::Running.name()));
    let row = update(mine).set((
        (
            j::state.eq(state.name()),
            j::run_at.eq(run_at),
            j::attempts.eq(j::attempts - uncounted),
        ),
        (j::lease.eq(None::<LeaseId>), j::worker.eq(None::<WorkerId>)),
        (
            j::heartbeat_at.eq(None::<Timestamp>),
            j::ended_at.eq(ended_at),
            j::error.eq(error),
        ),
    ));
    Ok(each_backend!(conn, |c| row.execute(c))? == 1)
}

/// Renews leases. Only those that the worker knows it holds: one whose claim committed without the
/// worker hearing of it must run out. Returns how many still held.
pub(super) fn beat(
    conn: &mut Conn,
    keys: &[(JobId, LeaseId)],
    now: Timestamp,
) -> Result<usize, DbError> {
    let (ids, leases): (Vec<JobId>, Vec<LeaseId>) = keys.iter().copied().unzip();
    let mine = j::platform_job
        .filter(j::id.eq_any(ids))
        .filter(j::lease.eq_any(leases))
        .filter(j::state.eq(JobState::Running.name()));
    let rows = update(mine).set(j::heartbeat_at.eq(Some(now)));
    Ok(each_backend!(conn, |c| rows.execute(c))?)
}

/// A lease that `worker` holds.
pub(super) struct Held {
    pub job: JobId,
    pub lease: LeaseId,
    pub cancel_requested: bool,
}

pub(super) fn held(conn: &mut Conn, worker: WorkerId) -> Result<Vec<Held>, DbError> {
    let query = j::platform_job
        .filter(j::worker.eq(worker))
        .filter(j::state.eq(JobState::Running.name()))
        .select((j::id, j::lease.assume_not_null(), j::cancel_requested));
    let rows: Vec<(JobId, LeaseId, bool)> = each_backend!(conn, |c| query.load(c))?;
    Ok(rows
        .into_iter()
        .map(|(job, lease, cancel_requested)| Held {
            job,
            lease,
            cancel_requested,
        })
        .collect())
}

/// Stores a running job's progress, unless its lease is lost.
pub(super) fn set_progress(
    conn: &mut Conn,
    (id, lease): (JobId, LeaseId),
    progress: &JobProgress,
) -> Result<(), DbError> {
    let JobProgress {
        done,
        total,
        message,
    } = progress;
    let row = update(
        platform_job::table
            .filter(j::id.eq(id))
            .filter(j::lease.eq(lease)),
    )
    .set((
        j::progress_done.eq(Some(done)),
        j::progress_total.eq(*total),
        j::progress_message.eq(message),
    ));
    each_backend!(conn, |c| row.execute(c))?;
    Ok(())
}

/// A running job whose worker gave no sign of life.
pub(super) struct Orphan {
    pub id: JobId,
    pub lease: LeaseId,
    pub attempts: i32,
    pub max_attempts: i32,
    pub cancel_requested: bool,
}

/// Running jobs with no sign of life since `since`.
pub(super) fn orphans(conn: &mut Conn, since: Timestamp) -> Result<Vec<Orphan>, DbError> {
    let query = j::platform_job
        .filter(j::state.eq(JobState::Running.name()))
        .filter(j::heartbeat_at.lt(since))
        .limit(ORPHANS_AT_ONCE)
        .select((
            j::id,
            j::lease.assume_not_null(),
            j::attempts,
            j::max_attempts,
            j::cancel_requested,
        ));
    let rows: Vec<(JobId, LeaseId, i32, i32, bool)> = each_backend!(conn, |c| query.load(c))?;
    let orphan = |(id, lease, attempts, max_attempts, cancel_requested)| Orphan {
        id,
        lease,
        attempts,
        max_attempts,
        cancel_requested,
    };
    Ok(rows.into_iter().map(orphan).collect())
}
