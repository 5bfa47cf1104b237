//! Jobs as their project sees and steers them. SQL only.

use diesel::{prelude::*, update};

use super::{
    JobFilter, JobId, JobProgress, JobRecord, JobState,
    schema::platform_job::{self, dsl as j},
    store::parse_state,
};
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::{
        db::{Conn, DbError, each_backend},
        wakeup::Topic,
    },
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = platform_job)]
struct Row {
    id: JobId,
    project_id: Option<ProjectId>,
    kind: String,
    queue: String,
    state: String,
    priority: i32,
    run_at: Timestamp,
    attempts: i32,
    max_attempts: i32,
    requested_by: String,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    cancel_requested: bool,
    progress_done: Option<i64>,
    progress_total: Option<i64>,
    progress_message: Option<String>,
    error: Option<String>,
}

impl TryFrom<Row> for JobRecord {
    type Error = DbError;
    fn try_from(row: Row) -> Result<Self, DbError> {
        let Row {
            id,
            project_id,
            kind,
            queue,
            state,
            priority,
            run_at,
            attempts,
            max_attempts,
            requested_by,
            created_at,
            started_at,
            ended_at,
            cancel_requested,
            progress_done,
            progress_total,
            progress_message,
            error,
        } = row;
        let progress = progress_done.map(|done| JobProgress {
            done,
            total: progress_total,
            message: progress_message,
        });
        Ok(Self {
            id,
            project: project_id,
            kind,
            queue,
            state: parse_state(&state)?,
            priority,
            attempts,
            max_attempts,
            requested_by,
            created_at,
            run_at,
            started_at,
            ended_at,
            cancel_requested,
            progress,
            error,
        })
    }
}

/// A page of a project's jobs, newest first, after `after`.
pub(super) fn list(
    conn: &mut Conn,
    project: ProjectId,
    filter: &JobFilter,
    after: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobRecord>, DbError> {
    let rows: Vec<Row> = each_backend!(conn, |c| {
        let mut query = j::platform_job
            .filter(j::project_id.eq(project))
            .into_boxed();
        if let Some(state) = filter.state {
            query = query.filter(j::state.eq(state.name()));
        }
        if let Some(kind) = &filter.kind {
            query = query.filter(j::kind.eq(kind));
        }
        if let Some(queue) = &filter.queue {
            query = query.filter(j::queue.eq(queue));
        }
        if let Some(after) = after {
            query = query.filter(j::id.lt(after));
        }
        query
            .order(j::id.desc())
            .limit(limit)
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(JobRecord::try_from).collect()
}

/// A job of the project.
///
/// # Errors
/// When the database fails.
pub fn find(conn: &mut Conn, project: ProjectId, id: JobId) -> Result<Option<JobRecord>, DbError> {
    let job = j::platform_job
        .filter(j::project_id.eq(project))
        .filter(j::id.eq(id));
    let row: Option<Row> =
        each_backend!(conn, |c| job.select(Row::as_select()).first(c).optional())?;
    row.map(JobRecord::try_from).transpose()
}

/// Queues a job again that is dead or cancelled; `false` when it is in another state by now.
pub(super) fn retry(conn: &mut Conn, id: JobId, now: Timestamp) -> Result<bool, DbError> {
    let ended = [JobState::Dead.name(), JobState::Cancelled.name()];
    let row = update(
        j::platform_job
            .filter(j::id.eq(id))
            .filter(j::state.eq_any(ended)),
    )
    .set((
        (
            j::state.eq(JobState::Queued.name()),
            j::run_at.eq(now),
            j::attempts.eq(0),
        ),
        (
            j::ended_at.eq(None::<Timestamp>),
            j::cancel_requested.eq(false),
        ),
        (
            j::progress_done.eq(None::<i64>),
            j::progress_total.eq(None::<i64>),
        ),
        (
            j::progress_message.eq(None::<String>),
            j::error.eq(None::<String>),
        ),
    ));
    conn.wake_after_commit(Topic::Jobs);
    Ok(each_backend!(conn, |c| row.execute(c))? == 1)
}

/// Cancels a job: at once when it is queued, by telling its worker when it runs. `false` when it
/// has ended. For services that cancel their own jobs inside a transaction; callers have [`super::Jobs`].
///
/// # Errors
/// When the database fails.
pub fn cancel(conn: &mut Conn, id: JobId, now: Timestamp) -> Result<bool, DbError> {
    let queued = platform_job::table
        .filter(j::id.eq(id))
        .filter(j::state.eq(JobState::Queued.name()));
    let row = update(queued).set((
        j::state.eq(JobState::Cancelled.name()),
        j::ended_at.eq(Some(now)),
        j::cancel_requested.eq(true),
    ));
    if each_backend!(conn, |c| row.execute(c))? == 1 {
        return Ok(true);
    }
    let running = platform_job::table
        .filter(j::id.eq(id))
        .filter(j::state.eq(JobState::Running.name()));
    let row = update(running).set(j::cancel_requested.eq(true));
    Ok(each_backend!(conn, |c| row.execute(c))? == 1)
}
