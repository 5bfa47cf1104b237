//! The endpoints of jobs: list, read, retry, cancel.

use actix_web::{Responder, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{JobFilter, JobProgress, JobRecord, JobState, Jobs};
use crate::{
    kernel::{Cursor, Failure, PageLimit},
    platform::http::{Endpoints, ErrorBody, Granted, may, path_id},
};

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(list_jobs)
        .service(get_job)
        .service(retry_job)
        .service(cancel_job);
}

#[derive(Serialize, ToSchema)]
struct JobBody {
    id: String,
    kind: String,
    queue: String,
    state: JobState,
    /// Higher runs earlier.
    priority: i32,
    /// Attempts that were begun.
    attempts: i32,
    max_attempts: i32,
    requested_by: String,
    created_at: DateTime<Utc>,
    /// When it may run, or may run again.
    run_at: DateTime<Utc>,
    /// When its latest attempt began.
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    /// Whether somebody asked for it to stop.
    cancel_requested: bool,
    progress: Option<JobProgress>,
    /// Why its latest attempt failed.
    error: Option<String>,
}

impl From<JobRecord> for JobBody {
    fn from(job: JobRecord) -> Self {
        let JobRecord {
            id,
            project: _, // the caller's own
            kind,
            queue,
            state,
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
        } = job;
        Self {
            id: id.to_string(),
            kind,
            queue,
            state,
            priority,
            attempts,
            max_attempts,
            requested_by,
            created_at: created_at.into(),
            run_at: run_at.into(),
            started_at: started_at.map(Into::into),
            ended_at: ended_at.map(Into::into),
            cancel_requested,
            progress,
            error,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct JobPage {
    items: Vec<JobBody>,
    /// Give it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JobQuery {
    /// Only jobs in this state.
    state: Option<JobState>,
    /// Only jobs of this kind.
    kind: Option<String>,
    /// Only jobs of this queue.
    queue: Option<String>,
    /// 1 to 100; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// The project's background jobs, newest first.
#[utoipa::path(tag = "jobs", security(("api_key" = [])),
    responses((status = OK, body = JobPage), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/jobs")]
async fn list_jobs(
    granted: Granted<may::JobsRead>,
    jobs: web::Data<Jobs>,
    query: web::Query<JobQuery>,
) -> Result<impl Responder, Failure> {
    let JobQuery {
        state,
        kind,
        queue,
        limit,
        cursor,
    } = query.into_inner();
    let filter = JobFilter { state, kind, queue };
    let page = jobs
        .list(&granted.actor, filter, PageLimit::parse(limit)?, cursor)
        .await?;
    let page = page.map(JobBody::from);
    Ok(web::Json(JobPage {
        items: page.items,
        next_cursor: page.next.map(|next| next.to_string()),
    }))
}

/// One background job.
#[utoipa::path(tag = "jobs", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, body = JobBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/jobs/{id}")]
async fn get_job(
    granted: Granted<may::JobsRead>,
    jobs: web::Data<Jobs>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let job = jobs.get(&granted.actor, path_id("job", &id)?).await?;
    Ok(web::Json(JobBody::from(job)))
}

/// Queues a job again that is dead or cancelled, with all its attempts.
#[utoipa::path(tag = "jobs", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, body = JobBody), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody)))]
#[post("/api/v1/jobs/{id}/retry")]
async fn retry_job(
    granted: Granted<may::JobsManage>,
    jobs: web::Data<Jobs>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let job = jobs.retry(&granted.actor, path_id("job", &id)?).await?;
    Ok(web::Json(JobBody::from(job)))
}

/// Cancels a job. One that is queued is cancelled at once; one that runs is told to stop, and is
/// `cancelled` within moments, unless it finishes first.
#[utoipa::path(tag = "jobs", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = OK, body = JobBody), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody)))]
#[post("/api/v1/jobs/{id}/cancel")]
async fn cancel_job(
    granted: Granted<may::JobsManage>,
    jobs: web::Data<Jobs>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let job = jobs.cancel(&granted.actor, path_id("job", &id)?).await?;
    Ok(web::Json(JobBody::from(job)))
}
