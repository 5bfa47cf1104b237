//! Records how an attempt ended: apalis' acknowledgement of a task.

use std::{
    convert::Infallible,
    error::Error,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use apalis::prelude::{Acknowledge, BoxDynError, ExecutionContext};
use futures::future::BoxFuture;
use tokio::time;

use super::{
    JobError, JobId,
    claim::{self, Ending, LeaseId},
    perform::{Failed, Performer},
    running::{Attempts, Running},
};
use crate::platform::{db::DbError, error_text::storable, wakeup::Topic};

/// Waits between tries to record an outcome while the database is away.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Recorder {
    pub performer: Arc<Performer>,
    pub attempts: Attempts,
}

impl Acknowledge<()> for Recorder {
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<(), Infallible>>;

    fn ack(&mut self, result: &Result<(), BoxDynError>, task: &ExecutionContext) -> Self::Future {
        let running = task.data().get::<Arc<Running>>().cloned();
        let ending = running
            .as_deref()
            .and_then(|running| self.ending(running, result));
        let recorder = self.clone();
        Box::pin(async move {
            if let Some(running) = running {
                if let Some(ending) = ending {
                    recorder.record(&running, ending).await;
                }
                recorder.attempts.remove(&running);
            }
            Ok(())
        })
    }
}

impl Recorder {
    /// `None` when there is nothing to write: the job ended with the handler's own transaction, or
    /// belongs to another attempt.
    fn ending(&self, running: &Running, result: &Result<(), BoxDynError>) -> Option<Ending> {
        if running.completed.load(Ordering::SeqCst) {
            return None;
        }
        let Err(error) = result else {
            return Some(Ending::Done);
        };
        let error_text = || storable(error.as_ref());
        let ending = match error.downcast_ref::<Failed>() {
            Some(Failed::LeaseLost) => return None,
            Some(Failed::Cancelled) => Ending::Cancelled,
            Some(Failed::Handler(JobError::Fatal(_)) | Failed::UnknownKind) => Ending::Dead {
                error: error_text(),
            },
            _ => self.again_or_dead(running, error_text()),
        };
        Some(ending)
    }

    fn again_or_dead(&self, running: &Running, error: String) -> Ending {
        let claim = &running.claim;
        match self.performer.registry.get(&claim.kind) {
            Some(registered) if claim.attempt < claim.max_attempts => {
                let wait = registered
                    .policy
                    .backoff
                    .delay(claim.attempt.unsigned_abs());
                Ending::Again {
                    run_at: self.performer.clock.now().plus(wait),
                    error,
                }
            }
            _ => Ending::Dead { error },
        }
    }

    /// Writes the ending, however long the database is away; meanwhile the lease is kept alive.
    async fn record(&self, running: &Running, ending: Ending) {
        log(running, &ending);
        let mut wait = RETRY_FIRST;
        while !running.lost.is_cancelled() {
            match self.write(running, ending.clone()).await {
                Ok(true) => return,
                Ok(false) => break,
                Err(error) => tracing::warn!(
                    job.id = %running.claim.id, error = &error as &dyn Error,
                    "the outcome of a job could not be stored yet"
                ),
            }
            time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_MAX);
        }
        tracing::warn!(job.id = %running.claim.id, "the outcome of an attempt that lost its job is dropped");
    }

    async fn write(&self, running: &Running, ending: Ending) -> Result<bool, DbError> {
        let (key, now): ((JobId, LeaseId), _) = (running.key(), self.performer.clock.now());
        let progress = running.take_progress();
        let write = self.performer.db.write(move |conn| {
            if let Some(progress) = progress {
                claim::set_progress(conn, key, &progress)?;
            }
            conn.wake_after_commit(Topic::Jobs);
            claim::end(conn, key, &ending, now)
        });
        write.await
    }
}

fn log(running: &Running, ending: &Ending) {
    let claim = &running.claim;
    match ending {
        Ending::Done | Ending::Released => {
            tracing::debug!(job.kind = claim.kind, job.id = %claim.id, job.attempt = claim.attempt, "job done");
        }
        Ending::Cancelled => {
            tracing::info!(job.kind = claim.kind, job.id = %claim.id, job.attempt = claim.attempt, "job cancelled");
        }
        Ending::Again { run_at, error } => tracing::warn!(
            job.kind = claim.kind, job.id = %claim.id, job.attempt = claim.attempt, %run_at, error,
            "job failed; it will be tried again"
        ),
        Ending::Dead { error } => tracing::error!(
            job.kind = claim.kind, job.id = %claim.id, job.attempt = claim.attempt, error, "job is dead"
        ),
    }
}
