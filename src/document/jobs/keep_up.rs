//! Settles what no job will: versions whose job ended without them, uploads that were left, documents that were
//! kept long enough.

use std::time::Duration;

use super::{enqueue_indexing, enqueue_reading};
use crate::{
    document::{
        DocumentError, Documents,
        model::{DocumentVersion, VersionState},
        store,
    },
    kernel::Clock,
    platform::{
        db::{Conn, DbError},
        jobs::{self, JobError, JobRecord, JobState},
    },
};

/// A version that was not touched for so long may have lost its job.
const QUIET: Duration = Duration::from_mins(1);
/// Beyond the longest upload, before it counts as left.
const UPLOAD_GRACE: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// Rows that are settled in one run.
const AT_ONCE: i64 = 200;

/// Who deletes what was kept long enough.
const RETENTION: &str = "retention";

impl Documents {
    pub(super) async fn keep_up(&self) -> Result<(), JobError> {
        self.settle_versions().await?;
        self.settle_uploads().await?;
        let expired = self.remove_expired().await;
        expired.map_err(|error| JobError::Retry(Box::new(error)))
    }

    async fn settle_versions(&self) -> Result<(), DbError> {
        let clock = self.clock.clone();
        self.db
            .write(move |conn| {
                let quiet_since = clock.now().minus(QUIET);
                let versions = store::under_way(conn, quiet_since, AT_ONCE)?;
                versions
                    .iter()
                    .try_for_each(|version| settle_version(conn, &clock, version))
            })
            .await
    }

    async fn settle_uploads(&self) -> Result<(), DbError> {
        let before = self
            .clock
            .now()
            .minus(self.settings.upload_timeout() + UPLOAD_GRACE);
        let left = self
            .db
            .read(move |conn| store::abandoned(conn, before, AT_ONCE))
            .await?;
        for key in left {
            self.abandon(key).await;
        }
        Ok(())
    }

    async fn remove_expired(&self) -> Result<(), DocumentError> {
        let days = self.settings.retention_days;
        if days == 0 {
            return Ok(());
        }
        let before = self.clock.now().minus(DAY.saturating_mul(days));
        let expired = self
            .db
            .read(move |conn| store::unchanged_since(conn, before, AT_ONCE))
            .await?;
        for (project, id) in expired {
            match self.remove(project, vec![id], RETENTION.to_owned()).await {
                Ok(()) | Err(DocumentError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A version follows its job, however that ended: by its policy, with its process, or by a cancellation.
fn settle_version(conn: &mut Conn, clock: &Clock, found: &DocumentVersion) -> Result<(), DbError> {
    let job = match found.job {
        Some(job) => jobs::find(conn, found.project, job)?,
        None => None,
    };
    if job.as_ref().is_some_and(is_live) {
        return Ok(());
    }
    let Some(mut version) = store::open_version(conn, found.id, clock.now())? else {
        return Ok(());
    };
    if version.job != found.job || version.state != found.state {
        return Ok(());
    }
    match job {
        Some(job) if job.state == JobState::Dead => {
            version.fail(
                job.error
                    .as_deref()
                    .unwrap_or("its job ended without a word"),
            );
        }
        Some(job) if job.state == JobState::Cancelled => version.cancel("its job was cancelled"),
        // The job is gone: another one does what is left to do.
        _ if version.state == VersionState::Read => {
            version.job = Some(enqueue_indexing(conn, clock, &version)?);
        }
        _ => version.job = Some(enqueue_reading(conn, clock, &version)?),
    }
    store::save_version(conn, &version)
}

fn is_live(job: &JobRecord) -> bool {
    matches!(job.state, JobState::Queued | JobState::Running)
}
