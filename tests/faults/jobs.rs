//! Jobs: every promise of the queue, in one process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use kaname::{
    kernel::{Actor, Clock, OrganizationId, PageLimit, Permissions, ProjectId, Subject},
    platform::{
        db::{Db, DbError},
        jobs::{
            self, Backoff, Job, JobError, JobFilter, JobId, JobPolicy, JobRegistry, JobSettings,
            JobState, Jobs, JobsError, NewJob,
        },
        sizing::Sizing,
    },
};
use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::support::{databases, eventually};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Work {
    number: u32,
}

impl Job for Work {
    const KIND: &'static str = "test.work";
    const QUEUE: &'static str = "test";
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 3,
        backoff: Backoff {
            first: Duration::from_millis(20),
            factor: 2,
            max: Duration::from_secs(1),
        },
        timeout: Duration::from_millis(500),
    };
}

/// Work in a queue of its own, with time enough to be interrupted.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LongWork;

impl Job for LongWork {
    const KIND: &'static str = "test.long_work";
    const QUEUE: &'static str = "test_long";
    const POLICY: JobPolicy = JobPolicy {
        timeout: Duration::from_secs(60),
        ..Work::POLICY
    };
}

pub fn settings() -> JobSettings {
    JobSettings {
        concurrency: 4,
        poll_interval_ms: 60_000, // nothing here may depend on polling
        heartbeat_ms: 100,
        orphan_after_ms: 400,
        cancel_grace_seconds: 1,
        retention_hours: 1,
    }
}

struct Worker {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    fn start(db: &Db, clock: &Clock, registry: JobRegistry) -> Self {
        Self::draining(db, clock, registry, Duration::from_secs(10))
    }

    fn draining(db: &Db, clock: &Clock, registry: JobRegistry, drain: Duration) -> Self {
        let stop = CancellationToken::new();
        let with = (settings(), Sizing { processors: 2 });
        let run = jobs::run(
            registry,
            (db.clone(), clock.clone()),
            with,
            stop.clone(),
            drain,
        );
        Self {
            stop,
            task: tokio::spawn(async move { run.await.unwrap() }),
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

fn actor(project: &str) -> Actor {
    Actor {
        subject: Subject::System,
        organization: OrganizationId::from_name("o"),
        project: ProjectId::from_name(project),
        permissions: Permissions::all(),
    }
}

async fn enqueue<J: Job + Sync>(db: &Db, clock: &Clock, new: NewJob<J>) -> JobId {
    let clock = clock.clone();
    db.write(move |conn| jobs::enqueue(conn, &clock, new))
        .await
        .unwrap()
}

async fn is(jobs: &Jobs, id: JobId, state: JobState) -> bool {
    jobs.get(&actor("p"), id).await.unwrap().state == state
}

#[tokio::test]
async fn a_job_exists_only_if_its_transaction_commits_and_runs_at_once() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let ran = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&ran);
        let registry = JobRegistry::new().on::<Work, _, _>(move |work, _| {
            count.fetch_add(work.number, Ordering::SeqCst);
            async { Ok(()) }
        });
        let worker = Worker::start(&db, &clock, registry);
        let in_closure = clock.clone();
        let undone: Result<(), DbError> = db
            .write(move |conn| {
                jobs::enqueue(
                    conn,
                    &in_closure,
                    NewJob::requested_by(&actor("p"), Work { number: 100 }),
                )?;
                Err(DbError::Corrupt {
                    what: "the use case failed".to_owned(),
                })
            })
            .await;
        assert!(undone.is_err());

        let started = Instant::now();
        let id = enqueue(
            &db,
            &clock,
            NewJob::requested_by(&actor("p"), Work { number: 1 }),
        )
        .await;
        eventually("the job is done", || is(&jobs, id, JobState::Done)).await;
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "it must not wait for the poll"
        );
        worker.stop().await;
        assert_eq!(ran.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn failures_are_retried_with_backoff_and_end_dead_with_their_error() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let registry = JobRegistry::new().on::<Work, _, _>(|work, context| async move {
            match work.number {
                0 if context.attempt() < 3 => Err(JobError::Retry("not yet".into())),
                0 => Ok(()),
                1 => Err(JobError::Retry("never".into())),
                2 => Err(JobError::Fatal("hopeless".into())),
                3 => panic!("at the disco"),
                _ => std::future::pending().await,
            }
        });
        let worker = Worker::start(&db, &clock, registry);
        let mut ids = Vec::new();
        for number in 0..5 {
            ids.push(
                enqueue(
                    &db,
                    &clock,
                    NewJob::requested_by(&actor("p"), Work { number }),
                )
                .await,
            );
        }
        eventually("all ended", || async {
            let (p, limit) = (actor("p"), PageLimit::parse(None).unwrap());
            let page = jobs.list(&p, JobFilter::default(), limit, None).await;
            page.unwrap().items.iter().all(|job| job.ended_at.is_some())
        })
        .await;
        worker.stop().await;
        let mut found = Vec::new();
        for id in ids {
            let job = jobs.get(&actor("p"), id).await.unwrap();
            found.push((job.state, job.attempts, job.error.unwrap_or_default()));
        }
        assert_eq!(found[0], (JobState::Done, 3, String::new()));
        assert_eq!(
            found[1],
            (JobState::Dead, 3, "the attempt failed: never".to_owned())
        );
        assert_eq!(
            found[2],
            (
                JobState::Dead,
                1,
                "the job can not succeed: hopeless".to_owned()
            )
        );
        assert_eq!(
            found[3],
            (
                JobState::Dead,
                3,
                "the handler panicked: at the disco".to_owned()
            )
        );
        assert_eq!(
            found[4],
            (
                JobState::Dead,
                3,
                "the attempt took longer than 500ms".to_owned()
            )
        );
    }
}

#[tokio::test]
async fn urgent_jobs_run_first_and_scheduled_ones_at_their_time() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let now = clock.now();
        let later = Duration::from_millis(700);
        let plain = |number| NewJob::requested_by(&actor("p"), Work { number });
        let scheduled = enqueue(&db, &clock, plain(9).priority(9).run_at(now.plus(later))).await;
        for (number, priority) in [(1, 0), (2, 5), (3, -5)] {
            enqueue(&db, &clock, plain(number).priority(priority)).await;
        }
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (seen, one_at_a_time) = (Arc::clone(&order), Arc::new(Semaphore::new(1)));
        let registry = JobRegistry::new().on::<Work, _, _>(move |work, _| {
            let (seen, one_at_a_time) = (Arc::clone(&seen), Arc::clone(&one_at_a_time));
            async move {
                let _turn = one_at_a_time.acquire().await.unwrap();
                seen.lock().unwrap().push(work.number);
                Ok(())
            }
        });
        let settings = JobSettings {
            concurrency: 1,
            ..settings()
        };
        let stop = CancellationToken::new();
        let with = (settings, Sizing { processors: 1 });
        let run = jobs::run(
            registry,
            (db.clone(), clock.clone()),
            with,
            stop.clone(),
            Duration::ZERO,
        );
        let worker = tokio::spawn(run);
        eventually("the scheduled job is done", || {
            is(&jobs, scheduled, JobState::Done)
        })
        .await;
        let job = jobs.get(&actor("p"), scheduled).await.unwrap();
        let late = job.started_at.unwrap().since(now.plus(later));
        assert!(
            job.started_at.unwrap() >= now.plus(later) && late < Duration::from_secs(2),
            "{late:?}"
        );
        stop.cancel();
        worker.await.unwrap().unwrap();
        assert_eq!(*order.lock().unwrap(), [2, 1, 3, 9]);
    }
}

#[tokio::test]
async fn a_unique_key_finds_the_live_job_of_its_project() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let keyed = |project| NewJob::requested_by(&actor(project), Work { number: 0 }).unique("k");
        let first = enqueue(&db, &clock, keyed("p")).await;
        assert_eq!(enqueue(&db, &clock, keyed("p")).await, first);
        assert_ne!(enqueue(&db, &clock, keyed("q")).await, first);
        jobs.cancel(&actor("p"), first).await.unwrap();
        let second = enqueue(&db, &clock, keyed("p")).await;
        assert_ne!(second, first);
        let refused = jobs.retry(&actor("p"), first).await;
        assert!(matches!(refused, Err(JobsError::Replaced)), "{refused:?}");
    }
}

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
        let asked = Instant::now();
        jobs.cancel(&p, polite).await.unwrap();
        eventually("it is cancelled", || is(&jobs, polite, JobState::Cancelled)).await;
        assert!(
            asked.elapsed() < Duration::from_secs(2),
            "{:?}",
            asked.elapsed()
        );

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
        let second = Worker::start(
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
        let worker = Worker::draining(&db, &clock, registry(waits), Duration::from_millis(400));
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
async fn a_periodic_job_runs_once_for_each_tick_however_many_processes_there_are() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let ran = Arc::new(AtomicU32::new(0));
        let registry = || {
            let count = Arc::clone(&ran);
            JobRegistry::new()
                .on::<Work, _, _>(move |_, _| {
                    count.fetch_add(1, Ordering::SeqCst);
                    async { Ok(()) }
                })
                .every(Duration::from_secs(3_600), Work { number: 0 })
        };
        let hour = || clock.now().unix_micros() / 3_600_000_000;
        let before = hour();
        let workers = [(); 3].map(|()| Worker::start(&database.open(), &clock, registry()));
        eventually("the tick ran", || async { ran.load(Ordering::SeqCst) >= 1 }).await;
        for worker in workers {
            worker.stop().await;
        }
        let late = Worker::start(&db, &clock, registry());
        late.stop().await;
        let ticks = u32::try_from(hour() - before + 1).unwrap();
        assert!((1..=ticks).contains(&ran.load(Ordering::SeqCst)));
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
