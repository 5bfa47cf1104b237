//! One attempt: the handler within its limits of time, cancellation and lease.

use std::{sync::Arc, time::Duration};

use tokio::time;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{JobContext, JobError, registry::JobRegistry, running::Running};
use crate::{kernel::Clock, platform::db::Db};

/// What the attempts of a process share.
pub(super) struct Performer {
    pub registry: JobRegistry,
    pub db: Db,
    pub clock: Clock,
    pub cancel_grace: Duration,
}

/// Why an attempt did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Handler(JobError),
    #[error("the attempt took longer than {0:?}")]
    TimedOut(Duration),
    #[error("the handler panicked: {0}")]
    Panicked(String),
    #[error("the job was cancelled")]
    Cancelled,
    #[error("the job was taken over by another attempt")]
    LeaseLost,
    #[error("no handler for jobs of this kind")]
    UnknownKind,
}

impl Performer {
    /// Runs the handler as a task of its own, so that one handler's computing does not hold up
    /// the other jobs; the task ends with this future.
    pub async fn perform(&self, running: Arc<Running>) -> Result<(), Failed> {
        let claim = &running.claim;
        let Some(registered) = self.registry.get(&claim.kind) else {
            return Err(Failed::UnknownKind);
        };
        let span = tracing::info_span!(
            "job", job.kind = claim.kind, job.id = %claim.id, job.attempt = claim.attempt,
            job.queue = registered.queue,
        );
        let context = JobContext {
            running: Arc::clone(&running),
            db: self.db.clone(),
            clock: self.clock.clone(),
        };
        let work = (registered.handler)(claim.payload.clone(), context).instrument(span);
        let task = AbortOnDropHandle::new(tokio::spawn(work));
        let limit = registered.policy.timeout;
        let outcome = tokio::select! {
            biased;
            outcome = task => outcome,
            () = running.lost.cancelled() => return Err(Failed::LeaseLost),
            () = self.grace_is_over(&running) => return Err(Failed::Cancelled),
            () = time::sleep(limit) => {
                running.cancel.cancel();
                return Err(Failed::TimedOut(limit));
            }
        };
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) if running.cancel.is_cancelled() => Err(Failed::Cancelled),
            Ok(Err(error)) => Err(Failed::Handler(error)),
            Err(ended) => Err(Failed::Panicked(panic_text(ended))),
        }
    }

    async fn grace_is_over(&self, running: &Running) {
        running.cancel.cancelled().await;
        time::sleep(self.cancel_grace).await;
    }
}

fn panic_text(ended: tokio::task::JoinError) -> String {
    match ended.try_into_panic() {
        Ok(panic) => panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "without a text".to_owned()),
        Err(ended) => ended.to_string(),
    }
}
