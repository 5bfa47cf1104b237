//! The use cases of a project's jobs.

use super::{JobFilter, JobId, JobRecord, JobsError, admin};
use crate::{
    kernel::{Actor, Clock, Cursor, Page, PageLimit, Permission},
    platform::db::Db,
};

/// Reads and steers the jobs of a project. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    db: Db,
    clock: Clock,
}

impl Jobs {
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// The project's jobs, newest first.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: JobFilter,
        limit: PageLimit,
        cursor: Option<Cursor>,
    ) -> Result<Page<JobRecord>, JobsError> {
        actor.require(Permission::JobsRead)?;
        let after: Option<JobId> = cursor.map(|cursor| cursor.position()).transpose()?;
        let project = actor.project;
        let rows = self
            .db
            .read(move |conn| admin::list(conn, project, &filter, after, limit.with_lookahead()))
            .await?;
        Ok(Page::from_lookahead(rows, limit, |job| job.id))
    }

    /// # Errors
    /// [`JobsError::NotFound`] also for a job of another project.
    pub async fn get(&self, actor: &Actor, id: JobId) -> Result<JobRecord, JobsError> {
        actor.require(Permission::JobsRead)?;
        let project = actor.project;
        self.db
            .read(move |conn| admin::find(conn, project, id))
            .await?
            .ok_or(JobsError::NotFound(id))
    }

    /// Queues a job again that is dead or cancelled, with all its attempts.
    pub async fn retry(&self, actor: &Actor, id: JobId) -> Result<JobRecord, JobsError> {
        actor.require(Permission::JobsManage)?;
        let (project, now) = (actor.project, self.clock.now());
        let write = self.db.write(move |conn| {
            let job = admin::find(conn, project, id)?.ok_or(JobsError::NotFound(id))?;
            match admin::retry(conn, id, now) {
                Ok(true) => admin::find(conn, project, id)?.ok_or(JobsError::NotFound(id)),
                Ok(false) => Err(JobsError::NotRetryable(job.state)),
                Err(error) if error.is_unique_violation() => Err(JobsError::Replaced),
                Err(error) => Err(error.into()),
            }
        });
        write.await
    }

    /// Cancels a job: at once when it is queued; a running one is told, and ends within moments.
    pub async fn cancel(&self, actor: &Actor, id: JobId) -> Result<JobRecord, JobsError> {
        actor.require(Permission::JobsManage)?;
        let (project, now) = (actor.project, self.clock.now());
        let write = self.db.write(move |conn| {
            let job = admin::find(conn, project, id)?.ok_or(JobsError::NotFound(id))?;
            if !admin::cancel(conn, id, now)? {
                return Err(JobsError::NotCancellable(job.state));
            }
            admin::find(conn, project, id)?.ok_or(JobsError::NotFound(id))
        });
        write.await
    }
}
