//! From start to stop: supervised tasks, and a drain in stages.
//!
//! On SIGTERM: readiness fails → a pause, for load balancers to notice → [`Stage::Serve`] stops
//! taking work and finishes what it has → [`Stage::Flush`] writes what is still in memory → exit.
//! A second signal exits at once. A task that panics, or ends while it should run, is logged, fails
//! readiness, and drains the process with exit code 1: a supervisor starts a whole one again.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use tokio::time;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// When a task is told to stop. Each stage has ended before the next is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Stage {
    /// Takes requests, jobs or events.
    Serve,
    /// Holds in memory what the first stage produced, and writes it.
    Flush,
}

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything in progress was finished and written.
    Drained,
    /// The deadline passed with work in progress.
    DeadlinePassed,
    /// A task failed; the name is in the log.
    TaskFailed,
}

/// The process's life. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle(Arc<Inner>);

struct Inner {
    draining: CancellationToken,
    stages: [StageTasks; 2],
    failed: Mutex<Option<&'static str>>,
}

#[derive(Default)]
struct StageTasks {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self(Arc::new(Inner {
            draining: CancellationToken::new(),
            stages: [StageTasks::default(), StageTasks::default()],
            failed: Mutex::new(None),
        }))
    }
}

impl Lifecycle {
    /// Runs `task` until it ends by itself after the token it is given was cancelled.
    pub fn spawn<F>(
        &self,
        stage: Stage,
        name: &'static str,
        task: impl FnOnce(CancellationToken) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let StageTasks { stop, tasks } = &self.0.stages[stage as usize];
        let (stop, this) = (stop.clone(), self.clone());
        let running = AssertUnwindSafe(task(stop.clone())).catch_unwind();
        let supervised = async move {
            match running.await {
                Ok(()) if stop.is_cancelled() => {}
                Ok(()) => this.fail(name, "it ended while it should run"),
                Err(_) => this.fail(name, "it panicked"),
            }
        };
        tasks.spawn(supervised.instrument(tracing::info_span!("task", name)));
    }

    fn fail(&self, name: &'static str, why: &'static str) {
        tracing::error!(
            task = name,
            why,
            "a task failed; the process drains and exits"
        );
        self.0
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(name);
        self.begin_drain();
    }

    /// Readiness fails from now on; [`Lifecycle::drain`] does the rest.
    pub fn begin_drain(&self) {
        self.0.draining.cancel();
    }

    pub fn is_draining(&self) -> bool {
        self.0.draining.is_cancelled()
    }

    /// The name of the first task that failed.
    pub fn failed_task(&self) -> Option<&'static str> {
        *self.0.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when a drain has begun.
    pub async fn draining(&self) {
        self.0.draining.cancelled().await;
    }

    /// Stops every stage in its order. `delay` is the pause after readiness failed; `deadline`
    /// bounds both stages together.
    pub async fn drain(&self, delay: Duration, deadline: Duration) -> Outcome {
        self.begin_drain();
        time::sleep(delay).await;
        let all_stages = async {
            for StageTasks { stop, tasks } in &self.0.stages {
                stop.cancel();
                tasks.close();
                tasks.wait().await;
            }
        };
        let in_time = time::timeout(deadline, all_stages).await.is_ok();
        match (self.failed_task(), in_time) {
            (Some(_), _) => Outcome::TaskFailed,
            (None, true) => Outcome::Drained,
            (None, false) => Outcome::DeadlinePassed,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn the_flush_stage_stops_only_after_everything_that_serves_has_ended() {
        let lifecycle = Lifecycle::default();
        let (ended, mut order) = mpsc::channel(2);
        let flushed = ended.clone();
        lifecycle.spawn(Stage::Flush, "writer", move |stop| async move {
            stop.cancelled().await;
            flushed.send("flush").await.unwrap();
        });
        lifecycle.spawn(Stage::Serve, "server", move |stop| async move {
            stop.cancelled().await;
            tokio::task::yield_now().await;
            ended.send("serve").await.unwrap();
        });
        assert_eq!(
            lifecycle.drain(Duration::ZERO, LONG).await,
            Outcome::Drained
        );
        assert_eq!(
            (order.recv().await, order.recv().await),
            (Some("serve"), Some("flush"))
        );
    }

    #[tokio::test]
    async fn a_panic_begins_a_drain_and_is_named() {
        let lifecycle = Lifecycle::default();
        lifecycle.spawn(Stage::Serve, "fragile", |_| async { panic!("boom") });
        lifecycle.draining().await;
        assert_eq!(lifecycle.failed_task(), Some("fragile"));
        assert_eq!(
            lifecycle.drain(Duration::ZERO, LONG).await,
            Outcome::TaskFailed
        );
    }

    #[tokio::test]
    async fn a_task_that_does_not_stop_is_left_behind_at_the_deadline() {
        let lifecycle = Lifecycle::default();
        lifecycle.spawn(Stage::Serve, "stuck", |_| std::future::pending());
        let outcome = lifecycle
            .drain(Duration::ZERO, Duration::from_millis(10))
            .await;
        assert_eq!(outcome, Outcome::DeadlinePassed);
    }
}
