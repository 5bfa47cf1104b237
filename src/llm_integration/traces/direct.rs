//! Intake without a log: reports wait in memory for the transaction that they share.
//!
//! When the database is away the sender is told so at once; what it sent stays in memory for a while.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time,
};

use super::{NotStored, Report, recorder::lost};
use crate::kernel::ProjectId;

/// Sends that wait for a commit.
const QUEUE_SENDS: usize = 8192;
/// Memory that they may hold, in KiB (256 MiB).
const QUEUE_KIB: usize = 256 * 1024;

/// The sending end. Cheap to clone.
#[derive(Clone)]
pub(super) struct Direct {
    queue: mpsc::Sender<Pending>,
    memory: Arc<Semaphore>,
    database_answers: Arc<AtomicBool>,
    longest_wait: Duration,
    /// Where reports are handed over whose sender has gone away.
    runtime: Handle,
}

/// The receiving end.
pub(super) struct DirectQueue {
    pub queue: mpsc::Receiver<Pending>,
    pub database_answers: Arc<AtomicBool>,
}

pub(super) struct Pending {
    pub project: ProjectId,
    pub reports: Vec<Report>,
    pub committed: oneshot::Sender<()>,
    pub memory: OwnedSemaphorePermit,
}

impl Direct {
    pub fn new(longest_wait: Duration) -> (Self, DirectQueue) {
        let (sender, queue) = mpsc::channel(QUEUE_SENDS);
        let database_answers = Arc::new(AtomicBool::new(true));
        let direct = Self {
            queue: sender,
            memory: Arc::new(Semaphore::new(QUEUE_KIB)),
            database_answers: Arc::clone(&database_answers),
            longest_wait,
            runtime: Handle::current(),
        };
        let queue = DirectQueue {
            queue,
            database_answers,
        };
        (direct, queue)
    }

    pub async fn record(&self, project: ProjectId, reports: Vec<Report>) -> Result<(), NotStored> {
        let committed = self.hand_over(project, reports);
        if !self.database_answers.load(Ordering::Relaxed) {
            return Err(NotStored::NotInTime);
        }
        match time::timeout(self.longest_wait, committed).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotStored::NotInTime),
        }
    }

    pub fn submit(&self, project: ProjectId, reports: Vec<Report>) {
        drop(self.hand_over(project, reports));
    }

    /// What is returned resolves when the reports are committed. When the queue is full they wait
    /// for room elsewhere, for as long as an answer may wait.
    fn hand_over(&self, project: ProjectId, reports: Vec<Report>) -> oneshot::Receiver<()> {
        let weight: usize = reports.iter().map(Report::weight).sum();
        let kib = u32::try_from((weight / 1024 + 1).min(QUEUE_KIB)).unwrap_or(u32::MAX);
        let (committed, waiting) = oneshot::channel();
        let pending = move |memory| Pending {
            project,
            reports,
            committed,
            memory,
        };
        let room = Arc::clone(&self.memory)
            .try_acquire_many_owned(kib)
            .ok()
            .zip(self.queue.try_reserve().ok());
        if let Some((memory, place)) = room {
            place.send(pending(memory));
            return waiting;
        }
        let this = self.clone();
        self.runtime.spawn(async move {
            let room = async {
                let memory = Arc::clone(&this.memory);
                let memory = memory.acquire_many_owned(kib).await.ok()?;
                Some((memory, this.queue.reserve().await.ok()?))
            };
            match time::timeout(this.longest_wait, room).await {
                Ok(Some((memory, place))) => place.send(pending(memory)),
                Ok(None) | Err(_) => lost(1, "the queue of traces is full or closed"),
            }
        });
        waiting
    }
}
