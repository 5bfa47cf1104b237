//! The attempts that this process is at, and why one of them should stop.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{
    JobId, JobProgress,
    claim::{Claim, LeaseId},
};

/// A place among the jobs that run at once: in the process, and in its queue where that is limited.
pub(super) struct Place {
    _in_process: OwnedSemaphorePermit,
    _in_queue: Option<OwnedSemaphorePermit>,
}

/// The places of one queue.
pub(super) struct Places {
    /// Shared by all queues of the process; fair, so queues take turns.
    pub process: Arc<Semaphore>,
    pub queue: Option<Arc<Semaphore>>,
}

impl Places {
    /// Waits for a place; the one in the queue first, so that nobody holds one in the process for nothing.
    pub async fn acquire(&self) -> Option<Place> {
        let in_queue = match &self.queue {
            Some(queue) => Some(Arc::clone(queue).acquire_owned().await.ok()?),
            None => None,
        };
        let in_process = Arc::clone(&self.process).acquire_owned().await.ok()?;
        Some(Place {
            _in_process: in_process,
            _in_queue: in_queue,
        })
    }

    /// A place that is free right now.
    pub fn try_acquire(&self) -> Option<Place> {
        let in_queue = match &self.queue {
            Some(queue) => Some(Arc::clone(queue).try_acquire_owned().ok()?),
            None => None,
        };
        let in_process = Arc::clone(&self.process).try_acquire_owned().ok()?;
        Some(Place {
            _in_process: in_process,
            _in_queue: in_queue,
        })
    }
}

/// One attempt. Dropping it frees its place among `jobs.concurrency`.
pub(super) struct Running {
    pub claim: Claim,
    /// Somebody asked for the job to stop; the handler is given time to.
    pub cancel: CancellationToken,
    /// The job belongs to another attempt by now; nothing this one does counts.
    pub lost: CancellationToken,
    /// The handler has begun to commit its effect with the job's completion.
    pub completing: AtomicBool,
    /// The job ended with the handler's own transaction.
    pub completed: AtomicBool,
    progress: Mutex<Option<JobProgress>>,
    _place: Place,
}

impl Running {
    pub fn new(claim: Claim, place: Place) -> Self {
        // Losing the lease also tells the handler, which may have started work of its own.
        let lost = CancellationToken::new();
        Self {
            claim,
            cancel: lost.child_token(),
            lost,
            completing: AtomicBool::new(false),
            completed: AtomicBool::new(false),
            progress: Mutex::new(None),
            _place: place,
        }
    }

    pub fn key(&self) -> (JobId, LeaseId) {
        (self.claim.id, self.claim.lease)
    }

    pub fn report(&self, progress: JobProgress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    /// The latest report that was not taken yet.
    pub fn take_progress(&self) -> Option<JobProgress> {
        self.progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Stops an attempt that lost its job, unless it is just ending the job itself.
    pub fn give_up(&self) {
        if !self.completing.load(Ordering::SeqCst) {
            self.lost.cancel();
        }
    }
}

/// All attempts of this process. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Attempts(Arc<Mutex<ByKey>>);

type ByKey = HashMap<(JobId, LeaseId), Arc<Running>>;

impl Attempts {
    pub fn add(&self, running: &Arc<Running>) {
        self.lock().insert(running.key(), Arc::clone(running));
    }

    pub fn remove(&self, running: &Running) {
        self.lock().remove(&running.key());
    }

    pub fn all(&self) -> Vec<Arc<Running>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, ByKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
