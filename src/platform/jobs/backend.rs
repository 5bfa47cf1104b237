//! apalis' view of the queue: its `Persistence` extension point over table `platform_job`.

use std::{
    convert::Infallible,
    error::Error,
    future,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use apalis::prelude::{Backend, Identity, RandomId, Task, TaskBuilder, TaskId, WorkerContext};
use apalis_core::backend::{
    BackendConfig,
    finalize::Ephemeral,
    persistence::{Persisted, Persistence, TaskEvent},
};
use tokio::{
    sync::{Mutex, Notify},
    time,
};
use tokio_util::sync::CancellationToken;

use super::{
    claim::{self, Claim, Ending, WorkerId},
    perform::Performer,
    running::{Attempts, Places, Running},
};
use crate::platform::{db::DbError, wakeup::Topic};

/// The most jobs that one claim takes.
const CLAIM_AT_ONCE: usize = 16;
/// Between two looks at jobs that are due, but which another worker is taking just now.
const LEAST_WAIT: Duration = Duration::from_millis(10);
/// Heartbeats are the keeper's; apalis only has to have an interval.
const APALIS_HEARTBEAT: Duration = Duration::from_hours(1);

/// One queue, as one apalis worker sees it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Queue(pub Arc<QueueInner>);

pub(super) struct QueueInner {
    pub name: &'static str,
    pub kinds: Vec<&'static str>,
    pub worker: WorkerId,
    pub performer: Arc<Performer>,
    pub attempts: Attempts,
    /// Places for running jobs.
    pub places: Places,
    /// Something may be due.
    pub wake: Arc<Notify>,
    pub poll_interval: Duration,
    /// No more claims.
    pub stop: CancellationToken,
    /// Held while a claim is on its way, so that the worker stops before or after one.
    pub claiming: Mutex<()>,
}

impl QueueInner {
    /// Claims jobs as soon as there are some and a place is free; waits for that without holding
    /// a place.
    async fn next_batch(&self) -> Vec<Arc<Running>> {
        let mut wait = self.poll_interval;
        loop {
            let claimed = self.claim_unless_stopped().await;
            if self.stop.is_cancelled() && claimed.as_ref().is_ok_and(Vec::is_empty) {
                return future::pending().await;
            }
            match claimed {
                Ok(claimed) if !claimed.is_empty() => return claimed,
                Ok(_) => wait = self.until_next().await.unwrap_or(self.poll_interval),
                Err(error) => {
                    tracing::warn!(
                        queue = self.name,
                        error = &error as &dyn Error,
                        "jobs could not be claimed"
                    );
                }
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = time::sleep(wait) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn claim_unless_stopped(&self) -> Result<Vec<Arc<Running>>, DbError> {
        let _claiming = self.claiming.lock().await;
        if self.stop.is_cancelled() {
            Ok(Vec::new())
        } else {
            self.try_claim().await
        }
    }

    async fn try_claim(&self) -> Result<Vec<Arc<Running>>, DbError> {
        let first = tokio::select! {
            place = self.places.acquire() => place,
            () = self.stop.cancelled() => None,
        };
        let mut places: Vec<_> = first.into_iter().collect();
        while !places.is_empty() && places.len() < CLAIM_AT_ONCE {
            let Some(place) = self.places.try_acquire() else {
                break;
            };
            places.push(place);
        }
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let clock = &self.performer.clock;
        let (key, now) = ((self.worker, clock.new_id()), clock.now());
        let (queue, kinds) = (self.name, self.kinds.clone());
        let limit = i64::try_from(places.len()).unwrap_or(1);
        let write = self
            .performer
            .db
            .write(move |conn| claim::claim(conn, key, (queue, &kinds), now, limit));
        let claims: Vec<Claim> = write.await?;
        let running = |(claim, place)| {
            let running = Arc::new(Running::new(claim, place));
            self.attempts.add(&running);
            running
        };
        Ok(claims.into_iter().zip(places).map(running).collect())
    }

    /// Time until the next scheduled job is due, at most the poll interval.
    async fn until_next(&self) -> Result<Duration, DbError> {
        let (queue, kinds) = (self.name, self.kinds.clone());
        let next = self
            .performer
            .db
            .read(move |conn| claim::next_run_at(conn, queue, &kinds))
            .await?;
        let now = self.performer.clock.now();
        let wait = next.map_or(self.poll_interval, |next| next.since(now));
        Ok(wait.clamp(LEAST_WAIT, self.poll_interval.max(LEAST_WAIT)))
    }

    async fn hand_back(&self, running: &Running) -> Result<(), DbError> {
        let (key, now) = (running.key(), self.performer.clock.now());
        let write = self.performer.db.write(move |conn| {
            conn.wake_after_commit(Topic::Jobs);
            claim::end(conn, key, &Ending::Released, now)
        });
        write.await?;
        self.attempts.remove(running);
        Ok(())
    }
}

fn as_task(running: Arc<Running>) -> Task<Arc<Running>> {
    // The attempt's id, not the job's: apalis must never see one id twice at a time.
    let (job, lease) = running.key();
    TaskBuilder::new(Arc::clone(&running))
        .task_id(TaskId::from_string(format!("{job}/{lease}")))
        .data(running)
        .build()
}

impl Persistence for Queue {
    type Compact = Arc<Running>;
    type Response = ();
    /// A failing `Persistence` ends an apalis worker: this one waits for its database instead.
    type Error = Infallible;

    async fn register(&mut self, worker: &WorkerContext) -> Result<(), Infallible> {
        tracing::debug!(
            queue = self.0.name,
            worker = worker.name(),
            "the queue has a worker"
        );
        Ok(())
    }

    async fn heartbeat(&mut self, _worker: &WorkerContext) -> Result<(), Infallible> {
        Ok(())
    }

    async fn fetch_next(
        &mut self,
        _worker: &WorkerContext,
    ) -> Result<Vec<Task<Arc<Running>>>, Infallible> {
        Ok(self.0.next_batch().await.into_iter().map(as_task).collect())
    }

    /// Jobs that were claimed, but not begun when the worker stopped.
    async fn reenqueue_abandoned(
        &mut self,
        tasks: Vec<Task<Arc<Running>>>,
        _worker: &WorkerContext,
    ) -> Result<u64, Infallible> {
        let mut handed_back = 0;
        for task in &tasks {
            match self.0.hand_back(&task.args).await {
                Ok(()) => handed_back += 1,
                Err(error) => tracing::warn!(
                    error = &error as &dyn Error,
                    "a claimed job could not be handed back; it runs again once its lease is over"
                ),
            }
        }
        Ok(handed_back)
    }

    async fn handle_events(
        &mut self,
        _events: Vec<TaskEvent<()>>,
        _worker: &WorkerContext,
    ) -> Result<(), Infallible> {
        Ok(()) // none are sent: the acknowledger records outcomes
    }

    async fn push_tasks(&mut self, _tasks: Vec<Task<Arc<Running>>>) -> Result<(), Infallible> {
        Ok(()) // jobs are enqueued in their transactions only
    }
}

/// A [`Queue`] driven by apalis' persistence loop.
pub(super) struct QueueBackend(Persisted<Queue>);

impl QueueBackend {
    pub fn new(queue: Queue) -> Self {
        Self(Persisted::new(queue))
    }
}

impl Backend for QueueBackend {
    type Task = Task<Arc<Running>>;
    type Error = Infallible;

    fn poll_ready(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx, worker, APALIS_HEARTBEAT)
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Infallible>>> {
        self.0.poll_next(cx, worker)
    }

    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Result<(), Infallible>> {
        self.0.poll_close(cx, worker)
    }
}

impl BackendConfig for QueueBackend {
    type Args = Arc<Running>;
    type Id = RandomId;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _worker: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}
