//! A process that runs jobs: one apalis worker for each queue, until it is told to drain.

use std::{error::Error, sync::Arc, time::Duration};

use apalis::prelude::{AcknowledgementExt, WorkerBuilder, WorkerContext, WorkerError};
use futures::future;
use tokio::{
    sync::{Mutex, Notify, Semaphore},
    time,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    JobRegistry, JobSettings,
    backend::{Queue, QueueBackend, QueueInner},
    claim::{self, Ending, WorkerId},
    keeper::Keeper,
    outcome::Recorder,
    perform::Performer,
    running::{Attempts, Places, Running},
};
use crate::{
    kernel::Clock,
    platform::{
        db::{Db, DbError},
        sizing::Sizing,
        wakeup::Topic,
    },
};

/// Runs jobs of the registered kinds until `shutdown`. Then it claims no more, lets running jobs
/// go on for `drain`, and hands back at once what is left.
///
/// # Errors
/// When an apalis worker ends without being told to.
pub async fn run(
    registry: JobRegistry,
    (db, clock): (Db, Clock),
    (settings, sizing): (JobSettings, Sizing),
    shutdown: CancellationToken,
    drain: Duration,
) -> Result<(), WorkerError> {
    let worker: WorkerId = clock.new_id();
    let (queues, limits) = (registry.queues(), registry.limits());
    let attempts = Attempts::default();
    let cancel_grace = settings.cancel_grace();
    let performer = Arc::new(Performer {
        registry,
        db,
        clock,
        cancel_grace,
    });
    let wakes: Vec<_> = queues.keys().map(|_| Arc::new(Notify::new())).collect();
    let places = Arc::new(Semaphore::new(sizing.jobs(settings.concurrency)));
    tracing::info!(worker = %worker, queues = ?queues.keys(), "running jobs");
    let queue = |((name, kinds), wake): ((_, _), &Arc<Notify>)| {
        Queue(Arc::new(QueueInner {
            name,
            kinds,
            worker,
            performer: Arc::clone(&performer),
            attempts: attempts.clone(),
            places: Places {
                process: Arc::clone(&places),
                queue: limits.get(name).map(|most| Arc::new(Semaphore::new(*most))),
            },
            wake: Arc::clone(wake),
            poll_interval: settings.poll_interval(),
            stop: shutdown.child_token(),
            claiming: Mutex::new(()),
        }))
    };
    let queues: Vec<Queue> = queues.into_iter().zip(&wakes).map(queue).collect();
    let keeper = Keeper {
        worker,
        attempts: attempts.clone(),
        performer: Arc::clone(&performer),
        settings,
    };
    let _keeping = AbortOnDropHandle::new(tokio::spawn(keeper.run()));
    let _waking =
        AbortOnDropHandle::new(tokio::spawn(pass_on_wakeups(performer.db.clone(), wakes)));
    let _ticking = super::periodic::spawn(&performer);
    let workers = async {
        future::try_join_all(queues.into_iter().map(run_queue)).await?;
        // Reached at once when no kind is registered.
        shutdown.cancelled().await;
        Ok(())
    };
    let deadline = async {
        shutdown.cancelled().await;
        time::sleep(drain).await;
    };
    let outcome = tokio::select! {
        outcome = workers => outcome,
        () = deadline => Ok(()),
    };
    hand_back(&performer, &attempts).await;
    outcome
}

/// Drives one queue with an apalis worker.
async fn run_queue(queue: Queue) -> Result<(), WorkerError> {
    let inner = Arc::clone(&queue.0);
    let (performer, name) = (
        Arc::clone(&inner.performer),
        format!("{}/{}", inner.name, inner.worker),
    );
    let recorder = Recorder {
        performer: Arc::clone(&performer),
        attempts: inner.attempts.clone(),
    };
    let worker = WorkerBuilder::new(name.as_str())
        .backend(QueueBackend::new(queue))
        .ack_with(recorder)
        .build(move |running: Arc<Running>, _worker: WorkerContext| {
            let performer = Arc::clone(&performer);
            async move { performer.perform(running).await }
        });
    worker
        .run_until(async move {
            inner.stop.cancelled().await;
            // A claim on its way would be dropped with the fetch, and its jobs left to their leases.
            let _idle = inner.claiming.lock().await;
            Ok::<(), WorkerError>(())
        })
        .await
}

/// One wake-up wakes one waiter: this is the process' waiter, and it tells every queue.
async fn pass_on_wakeups(db: Db, queues: Vec<Arc<Notify>>) {
    loop {
        db.wakeups().next(Topic::Jobs).await;
        for queue in &queues {
            queue.notify_one();
        }
    }
}

/// Jobs that did not end in time run again elsewhere at once, not when their lease is over.
async fn hand_back(performer: &Performer, attempts: &Attempts) {
    let left = attempts.all();
    if left.is_empty() {
        return;
    }
    tracing::warn!(
        jobs = left.len(),
        "jobs did not end within the drain's limit; others run them again"
    );
    for running in &left {
        running.lost.cancel();
    }
    let (keys, now): (Vec<_>, _) = (
        left.iter().map(|running| running.key()).collect(),
        performer.clock.now(),
    );
    let write = performer.db.write(move |conn| {
        conn.wake_after_commit(Topic::Jobs);
        keys.iter()
            .try_for_each(|key| claim::end(conn, *key, &Ending::Released, now).map(drop))
    });
    if let Err(error) = write.await as Result<(), DbError> {
        tracing::warn!(
            error = &error as &dyn Error,
            "jobs could not be handed back; their leases run out"
        );
    }
}
