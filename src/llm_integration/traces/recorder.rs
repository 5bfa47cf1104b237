//! Group commit: calls that end at the same time share one transaction, and each waits for it.
//!
//! [`Recorder::record`] returns when its record is committed, so an answer that ends after it has a
//! trace that outlives a crash. An answer is worth more than its trace, though: when the database
//! is away, or the queue is full, the caller is told so at once and the answer goes out; the record
//! stays in memory for [`RETRY_FOR`], and what is lost in the end is logged and counted in
//! `gateway_traces_lost_total`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time,
};
use tokio_util::sync::CancellationToken;

use super::{
    Report,
    costing::Costs,
    merge::{Placed, gather},
    store,
};
use crate::{
    kernel::{Clock, ErrorCode, Failure, ProjectId, error_chain},
    llm_integration::Prices,
    platform::db::{Db, DbError},
};

/// Records that wait for a commit.
const QUEUE_RECORDS: usize = 8192;
/// Memory that records in the queue may hold, in KiB (256 MiB).
const QUEUE_KIB: usize = 256 * 1024;
/// Records of one transaction.
const BATCH_RECORDS: usize = 512;
/// How long a batch is tried again while the database is away.
const RETRY_FOR: Duration = Duration::from_secs(30);
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// What a sender is told to wait before it sends again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The reports are not durable; what was not refused can still be stored later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// Nothing was kept: the sender keeps it and sends it again.
    #[error("no more traces are taken in before those that wait are stored")]
    Full,
    /// They are kept in memory, and may be lost; the reason is in the log.
    #[error("the trace could not be stored in time")]
    NotInTime,
}

impl From<NotStored> for Failure {
    /// Always one that asks to try again: a report that comes twice counts once.
    fn from(error: NotStored) -> Self {
        Self::new(ErrorCode::Overloaded, error.to_string()).retry_after(RETRY_AFTER)
    }
}

/// Hands records to the one [`TraceWriter`]. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Pending>,
    memory: Arc<Semaphore>,
    database_answers: Arc<AtomicBool>,
    longest_wait: Duration,
    /// Where records are handed over whose call has gone away.
    runtime: Handle,
}

/// Commits what the recorder was given. It must run for as long as calls are made, and then drain.
pub struct TraceWriter {
    queue: mpsc::Receiver<Pending>,
    database_answers: Arc<AtomicBool>,
    db: Db,
    prices: Prices,
    clock: Clock,
}

struct Pending {
    project: ProjectId,
    reports: Vec<Report>,
    committed: oneshot::Sender<()>,
    memory: OwnedSemaphorePermit,
}

impl Recorder {
    /// `longest_wait` bounds how long an answer is held back for its trace.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        db: Db,
        prices: Prices,
        clock: Clock,
        longest_wait: Duration,
    ) -> (Self, TraceWriter) {
        let (sender, receiver) = mpsc::channel(QUEUE_RECORDS);
        let database_answers = Arc::new(AtomicBool::new(true));
        let recorder = Self {
            queue: sender,
            memory: Arc::new(Semaphore::new(QUEUE_KIB)),
            database_answers: Arc::clone(&database_answers),
            longest_wait,
            runtime: Handle::current(),
        };
        (
            recorder,
            TraceWriter {
                queue: receiver,
                database_answers,
                db,
                prices,
                clock,
            },
        )
    }

    /// Returns once the reports are durable. A caller that stops waiting loses nothing.
    ///
    /// # Errors
    /// [`NotStored`] when that did not happen in time.
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

    /// Hands the reports over at once; nobody waits for them to be durable.
    pub fn submit(&self, project: ProjectId, reports: Vec<Report>) {
        drop(self.hand_over(project, reports));
    }

    /// What is returned resolves when the reports are committed. When the queue is full they wait
    /// for room elsewhere, for as long as an answer may wait.
    fn hand_over(&self, project: ProjectId, reports: Vec<Report>) -> oneshot::Receiver<()> {
        let weight: usize = reports.iter().map(Report::weight).sum();
        let kib = (weight / 1024 + 1).min(QUEUE_KIB);
        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
        let (committed, waiting) = oneshot::channel();
        let room = Arc::clone(&self.memory)
            .try_acquire_many_owned(kib)
            .ok()
            .zip(self.queue.try_reserve().ok());
        if let Some((memory, place)) = room {
            place.send(Pending {
                project,
                reports,
                committed,
                memory,
            });
            return waiting;
        }
        let this = self.clone();
        self.runtime.spawn(async move {
            let room = async {
                let memory = Arc::clone(&this.memory)
                    .acquire_many_owned(kib)
                    .await
                    .ok()?;
                Some((memory, this.queue.reserve().await.ok()?))
            };
            match time::timeout(this.longest_wait, room).await {
                Ok(Some((memory, place))) => {
                    place.send(Pending {
                        project,
                        reports,
                        committed,
                        memory,
                    });
                }
                Ok(None) | Err(_) => lost(1, "the queue of traces is full or closed"),
            }
        });
        waiting
    }
}

impl TraceWriter {
    /// Commits until `stop`, then what is still in the queue.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH_RECORDS);
        loop {
            tokio::select! {
                biased;
                received = self.queue.recv_many(&mut batch, BATCH_RECORDS) => {
                    if received == 0 {
                        // Nobody is left to record; that is no reason to end early.
                        return stop.cancelled().await;
                    }
                    self.commit(std::mem::take(&mut batch), &stop).await;
                }
                () = stop.cancelled(), if !self.queue.is_closed() => self.queue.close(),
            }
        }
    }

    async fn commit(&self, batch: Vec<Pending>, stop: &CancellationToken) {
        let mut records = Vec::with_capacity(batch.len());
        let mut waiting = Vec::with_capacity(batch.len());
        let mut held = Vec::with_capacity(batch.len());
        for pending in batch {
            let Pending {
                project,
                reports,
                committed,
                memory,
            } = pending;
            records.push((project, reports));
            waiting.push(committed);
            held.push(memory);
        }
        self.commit_all(records, waiting, stop).await;
        drop(held);
    }

    async fn commit_all(
        &self,
        records: Vec<(ProjectId, Vec<Report>)>,
        mut waiting: Vec<oneshot::Sender<()>>,
        stop: &CancellationToken,
    ) {
        let records = Arc::new(records);
        let started = Instant::now();
        loop {
            let Err(error) = self.write(Arc::clone(&records)).await else {
                self.database_answers.store(true, Ordering::Relaxed);
                metrics::counter!("gateway_traces_stored_total").increment(records.len() as u64);
                for committed in waiting {
                    // A caller that waited too long is not there any more; its record is stored.
                    let _gone = committed.send(());
                }
                return;
            };
            if !error.is_transient() {
                return self.commit_one_by_one(&records, waiting, &error).await;
            }
            // Nobody is held up by a database that is away.
            self.database_answers.store(false, Ordering::Relaxed);
            waiting.clear();
            if started.elapsed() >= RETRY_FOR || stop.is_cancelled() {
                return lost(records.len(), &error_chain(error.as_ref()));
            }
            time::sleep(RETRY_PAUSE).await;
        }
    }

    /// One record that the database refuses must not take the others with it.
    async fn commit_one_by_one(
        &self,
        records: &[(ProjectId, Vec<Report>)],
        waiting: Vec<oneshot::Sender<()>>,
        error: &DbError,
    ) {
        if records.len() == 1 {
            return lost(1, &error_chain(error));
        }
        for (record, committed) in records.iter().zip(waiting) {
            match self.write(Arc::new(vec![record.clone()])).await {
                Ok(()) => {
                    metrics::counter!("gateway_traces_stored_total").increment(1);
                    let _gone = committed.send(());
                }
                Err(error) => lost(1, &error_chain(error.as_ref())),
            }
        }
    }

    async fn write(&self, records: Arc<Vec<(ProjectId, Vec<Report>)>>) -> Result<(), Arc<DbError>> {
        let now = self.clock.now();
        let changes = gather(records.iter().flat_map(|(project, reports)| {
            reports
                .iter()
                .map(|report| Placed::inline(*project, report.clone()))
        }));
        let costs = Costs::of(&self.prices, &changes).await?;
        self.db
            .write(move |conn| {
                let price = |project, state: &_| costs.cost(project, state);
                let applied = store::apply(conn, &changes, &price, now)?;
                let (traces, objects) = (applied.traces.len(), applied.replaced_objects.len());
                tracing::debug!(traces, objects, "traces were written");
                Ok(())
            })
            .await
            .map_err(Arc::new)
    }
}

fn lost(records: usize, why: &str) {
    metrics::counter!("gateway_traces_lost_total").increment(records as u64);
    tracing::error!(records, why, "traces were lost");
}
