//! What a handler can do about the job it runs.

use std::sync::{Arc, atomic::Ordering};

use tokio_util::sync::CancellationToken;

use super::{
    JobError, JobId, JobProgress,
    claim::{self, Ending},
    running::Running,
};
use crate::{
    kernel::{Clock, ProjectId},
    platform::db::{Conn, Db},
};

/// Progress messages are cut here.
const MESSAGE_CHARS: usize = 500;

/// The running attempt, as its handler sees it. Cheap to clone.
#[derive(Clone)]
pub struct JobContext {
    pub(super) running: Arc<Running>,
    pub(super) db: Db,
    pub(super) clock: Clock,
}

/// The attempt no longer holds its job.
#[derive(Debug, thiserror::Error)]
#[error("the job was taken over by another attempt")]
struct LeaseLost;

impl JobContext {
    pub fn id(&self) -> JobId {
        self.running.claim.id
    }

    /// The project the job belongs to; `None` for a job of the product itself.
    pub fn project(&self) -> Option<ProjectId> {
        self.running.claim.project
    }

    /// 1 for the first attempt.
    pub fn attempt(&self) -> i32 {
        self.running.claim.attempt
    }

    /// Who asked for the job.
    pub fn requested_by(&self) -> &str {
        &self.running.claim.requested_by
    }

    /// Cancelled when somebody cancels the job, or the attempt has lost it. Long work looks at it;
    /// an attempt that does not stop within `jobs.cancel_grace_seconds` is dropped at its next await.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.running.cancel
    }

    /// Whether the attempt no longer holds its job: others go on with it, and nothing of it is to be written.
    pub fn is_lost(&self) -> bool {
        self.running.lost.is_cancelled()
    }

    /// Reports progress. Cheap: the latest report is stored about twice a second.
    pub fn progress(&self, done: i64, total: Option<i64>, message: Option<&str>) {
        let message = message.map(|text| {
            text.chars()
                .filter(|c| *c != '\0')
                .take(MESSAGE_CHARS)
                .collect()
        });
        self.running.report(JobProgress {
            done,
            total,
            message,
        });
    }

    /// Commits one step of the job's effect, if the attempt still holds its job: a worker that was
    /// declared dead by mistake writes nothing after the one that took its job over.
    ///
    /// # Errors
    /// What `effect` returns, or that the job belongs to another attempt by now.
    pub async fn checkpoint<T: Send + 'static>(
        &self,
        effect: impl FnOnce(&mut Conn) -> Result<T, JobError> + Send + 'static,
    ) -> Result<T, JobError> {
        let (key, now) = (self.running.key(), self.clock.now());
        let write = self.db.write(move |conn| {
            if claim::beat(conn, &[key], now)? == 0 {
                return Err(JobError::Retry(Box::new(LeaseLost)));
            }
            effect(conn)
        });
        write.await
    }

    /// Commits the job's effect and its completion in one transaction: both happen, or neither,
    /// and never twice. What the handler returns afterwards no longer matters.
    ///
    /// # Errors
    /// What `effect` returns, or that the job belongs to another attempt by now.
    pub async fn complete_with<T: Send + 'static>(
        &self,
        effect: impl FnOnce(&mut Conn) -> Result<T, JobError> + Send + 'static,
    ) -> Result<T, JobError> {
        let (key, now) = (self.running.key(), self.clock.now());
        let progress = self.running.take_progress();
        self.running.completing.store(true, Ordering::SeqCst);
        let outcome = self
            .db
            .write(move |conn| {
                if let Some(progress) = progress {
                    claim::set_progress(conn, key, &progress)?;
                }
                if !claim::end(conn, key, &Ending::Done, now)? {
                    return Err(JobError::Retry(Box::new(LeaseLost)));
                }
                effect(conn)
            })
            .await;
        self.running
            .completed
            .store(outcome.is_ok(), Ordering::SeqCst);
        self.running
            .completing
            .store(outcome.is_ok(), Ordering::SeqCst);
        outcome
    }
}
