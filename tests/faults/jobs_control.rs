//! Jobs that are watched, cancelled, drained, or taken from a worker that looked dead.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use kaname::{
    kernel::Clock,
    platform::jobs::{self, JobError, JobRegistry, JobState, Jobs, JobsError, NewJob},
};
use tokio::sync::Semaphore;

use crate::support::{
    databases, eventually,
    worker::{LongWork, Work, Worker, actor, enqueue, is},
};

#[tokio::test]
async fn cancelling_reaches_queued_and_running_jobs_and_a_retry_runs_them_again() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let p = actor("p");
        let queued = enqueue(&db, &clock, NewJob::requested_by(&p, LongWork)).await;
        assert_eq!(
            jobs.cancel(&p, queued).await.unwrap().state,
            JobState::Cancelled
        );
        assert!(matches!(
            jobs.cancel(&p, queued).await,
            Err(JobsError::NotCancellable(_))
        ));
        assert!(matches!(
            jobs.get(&actor("q"), queued).await,
            Err(JobsError::NotFound(_))
        ));

        let registry = JobRegistry::new().on::<LongWork, _, _>(|_, context| async move {
            if context.requested_by() == "stubborn" {
                std::future::pending::<()>().await;
            }
            context.cancellation().cancelled().await;
            Err(JobError::Retry("stopped half way".into()))
        });
        let worker = Worker::start(&db, &clock, registry);
        // Another process cancels: this service knows nothing of the worker but the database.
        let polite = enqueue(&db, &clock, NewJob::requested_by(&p, LongWork)).await;
        eventually("it runs", || is(&jobs, polite, JobState::Running)).await;
        jobs.cancel(&p, polite).await.unwrap();
        eventually("it is cancelled", || is(&jobs, polite, JobState::Cancelled)).await;

        assert_eq!(jobs.retry(&p, polite).await.unwrap().attempts, 0);
        eventually("it runs again", || is(&jobs, polite, JobState::Running)).await;
        assert!(matches!(
            jobs.retry(&p, polite).await,
            Err(JobsError::NotRetryable(JobState::Running))
        ));
        jobs.cancel(&p, polite).await.unwrap();
        eventually("it is cancelled again", || {
            is(&jobs, polite, JobState::Cancelled)
        })
        .await;
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_worker_that_was_declared_dead_can_not_touch_the_job_any_more() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let effects = Arc::new(AtomicU32::new(0));
        let (entered, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        // The first attempt sleeps through its lease: this worker's clock stands still, so that
        // its heartbeats look old to the second worker.
        let slow_clock = Clock::manual(clock.now());
        let handler = |first: bool| {
            let (effects, entered, go_on) = (
                Arc::clone(&effects),
                Arc::clone(&entered),
                Arc::clone(&go_on),
            );
            move |_: LongWork, context: jobs::JobContext| {
                let (effects, entered, go_on) = (
                    Arc::clone(&effects),
                    Arc::clone(&entered),
                    Arc::clone(&go_on),
                );
                async move {
                    if first {
                        entered.add_permits(1);
                        // Not cancelled with the attempt: work that nobody could stop in time.
                        let stubborn = tokio::spawn(async move {
                            go_on.acquire().await.unwrap().forget();
                            let step = context.checkpoint(|_| Ok(())).await;
                            assert!(step.is_err(), "not even a step of it counts");
                            let outcome = context.complete_with(|_| Ok(())).await;
                            effects.fetch_add(
                                if outcome.is_ok() { 100 } else { 10 },
                                Ordering::SeqCst,
                            );
                        });
                        stubborn.await.unwrap();
                        return Ok(());
                    }
                    context.complete_with(|_| Ok(())).await?;
                    effects.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }
            }
        };
        let first = Worker::start(
            &db,
            &slow_clock,
            JobRegistry::new().on::<LongWork, _, _>(handler(true)),
        );
        let id = enqueue(
            &db,
            &slow_clock,
            NewJob::requested_by(&actor("p"), LongWork),
        )
        .await;
        entered.acquire().await.unwrap().forget();
        let second = Worker::hasty(
            &database.open(),
            &clock,
            JobRegistry::new().on::<LongWork, _, _>(handler(false)),
        );
        eventually("the second worker did it", || is(&jobs, id, JobState::Done)).await;
        go_on.add_permits(1);
        eventually("the first one was refused", || async {
            effects.load(Ordering::SeqCst) == 11
        })
        .await;
        let job = jobs.get(&actor("p"), id).await.unwrap();
        assert_eq!((job.state, job.attempts), (JobState::Done, 2));
        first.stop().await;
        second.stop().await;
    }
}

#[tokio::test]
async fn a_drain_lets_jobs_finish_and_hands_back_those_that_do_not() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let p = actor("p");
        let release = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&release);
        let registry = move |waits: Arc<Semaphore>| {
            JobRegistry::new()
                .on::<LongWork, _, _>(|_, _| std::future::pending())
                .on::<Work, _, _>(move |_, _| {
                    let waits = Arc::clone(&waits);
                    async move {
                        waits.acquire().await.unwrap().forget();
                        Ok(())
                    }
                })
        };
        let worker = Worker::draining(&db, &clock, registry(waits), Duration::from_secs(3));
        let short = enqueue(&db, &clock, NewJob::requested_by(&p, Work { number: 0 })).await;
        let endless = enqueue(&db, &clock, NewJob::requested_by(&p, LongWork)).await;
        for id in [short, endless] {
            eventually("it runs", || is(&jobs, id, JobState::Running)).await;
        }
        worker.stop.cancel();
        release.add_permits(1);
        worker.stop().await;
        assert!(is(&jobs, short, JobState::Done).await);
        let job = jobs.get(&p, endless).await.unwrap();
        assert_eq!(
            (job.state, job.attempts),
            (JobState::Queued, 0),
            "handed back, and not its fault"
        );
        let after = enqueue(&db, &clock, NewJob::requested_by(&p, Work { number: 0 })).await;
        assert!(is(&jobs, after, JobState::Queued).await);
    }
}

#[tokio::test]
async fn progress_can_be_read_while_the_job_runs() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let registry = JobRegistry::new().on::<LongWork, _, _>(|_, context| async move {
            context.progress(3, Some(10), Some("reading\0"));
            context.cancellation().cancelled().await;
            context.progress(4, Some(10), None);
            Err(JobError::Retry("stopped".into()))
        });
        let worker = Worker::start(&db, &clock, registry);
        let id = enqueue(&db, &clock, NewJob::requested_by(&actor("p"), LongWork)).await;
        let progress = || async { jobs.get(&actor("p"), id).await.unwrap().progress };
        eventually("the first report", || async { progress().await.is_some() }).await;
        let first = progress().await.unwrap();
        assert_eq!(
            (first.done, first.total, first.message.as_deref()),
            (3, Some(10), Some("reading"))
        );
        jobs.cancel(&actor("p"), id).await.unwrap();
        eventually("it ended", || is(&jobs, id, JobState::Cancelled)).await;
        assert_eq!(progress().await.unwrap().done, 4);
        worker.stop().await;
    }
}

#[tokio::test]
async fn long_jobs_of_a_limited_queue_leave_places_to_others() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let p = actor("p");
        let registry = JobRegistry::new()
            .on::<LongWork, _, _>(|_, context| async move {
                context.cancellation().cancelled().await;
                Err(JobError::Retry("stopped".into()))
            })
            .on::<Work, _, _>(|_, _| async { Ok(()) })
            .at_most("test_long", 2);
        let mut long = Vec::new();
        for _ in 0..6 {
            long.push(enqueue(&db, &clock, NewJob::requested_by(&p, LongWork)).await);
        }
        let worker = Worker::start(&db, &clock, registry);
        eventually("the first two run", || async {
            is(&jobs, long[0], JobState::Running).await
                && is(&jobs, long[1], JobState::Running).await
        })
        .await;
        let short = NewJob::requested_by(&p, Work { number: 1 });
        let short = enqueue(&db, &clock, short).await;
        eventually("other work is done beside them", || {
            is(&jobs, short, JobState::Done)
        })
        .await;
        assert!(is(&jobs, long[2], JobState::Queued).await, "two at most");
        jobs.cancel(&p, long[0]).await.unwrap();
        eventually("the next one runs", || {
            is(&jobs, long[2], JobState::Running)
        })
        .await;
        for id in &long[1..] {
            jobs.cancel(&p, *id).await.unwrap();
        }
        worker.stop().await;
    }
}
