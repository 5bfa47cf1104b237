//! Jobs: when, in which order and how often they run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use kaname::{
    kernel::{Clock, PageLimit},
    platform::{
        db::DbError,
        events::Subscriptions,
        jobs::{
            self, JobError, JobFilter, JobRegistry, JobSettings, JobState, Jobs, JobsError, NewJob,
            Retention,
        },
    },
};
use tokio::sync::Semaphore;

use crate::support::{
    Counted, Processor, databases, effects, eventually,
    processor::effect_group,
    worker::{Work, Worker, actor, enqueue, is, settings},
};

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

        let id = enqueue(
            &db,
            &clock,
            NewJob::requested_by(&actor("p"), Work { number: 1 }),
        )
        .await;
        eventually("the job is done, before any poll", || {
            is(&jobs, id, JobState::Done)
        })
        .await;
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
        let plain = |number| NewJob::requested_by(&actor("p"), Work { number });
        let in_an_hour = clock.now().plus(Duration::from_hours(1));
        let urgent_and_far = plain(9).priority(9).run_at(in_an_hour);
        let far = enqueue(&db, &clock, urgent_and_far).await;
        let mut due = Vec::new();
        for (number, priority) in [(1, 0), (2, 5), (3, -5)] {
            due.push(enqueue(&db, &clock, plain(number).priority(priority)).await);
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
        let worker = Worker::with(settings, &db, &clock, registry, Duration::ZERO);
        for id in due {
            eventually("what is due is done", || is(&jobs, id, JobState::Done)).await;
        }
        let soon = clock.now().plus(Duration::from_millis(700));
        let scheduled = enqueue(&db, &clock, plain(4).run_at(soon)).await;
        eventually("the scheduled job is done", || {
            is(&jobs, scheduled, JobState::Done)
        })
        .await;
        let job = jobs.get(&actor("p"), scheduled).await.unwrap();
        assert!(job.started_at.unwrap() >= soon, "not before its time");
        assert!(is(&jobs, far, JobState::Queued).await);
        worker.stop().await;
        assert_eq!(*order.lock().unwrap(), [2, 1, 3, 4]);
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
                .every(Duration::from_hours(1), Work { number: 0 })
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
async fn what_was_kept_long_enough_is_removed_and_the_rest_stays() {
    for database in databases() {
        let (db, clock) = (database.open(), Clock::system());
        let jobs = Jobs::new(db.clone(), clock.clone());
        let p = actor("p");
        let ended = enqueue(&db, &clock, NewJob::requested_by(&p, Work { number: 0 })).await;
        jobs.cancel(&p, ended).await.unwrap();
        let waiting = enqueue(&db, &clock, NewJob::requested_by(&p, Work { number: 1 })).await;
        Counted::of("a", 0).announce(&db, &clock).await;
        let processor = Processor::start(
            &db,
            None,
            effect_group(Subscriptions::new(), "test.one", &db),
        );
        effects::create_table(&db).await;
        eventually("the event is handled", || async {
            effects::counted(&db, "test.one").await.len() == 1
        })
        .await;
        processor.stop().await;
        Counted::of("a", 1).announce(&db, &clock).await;

        let hour = Duration::from_hours(1);
        let kept = Retention {
            events: hour,
            dead_events: hour,
            jobs: hour,
            answers: hour,
        };
        let later = Clock::manual(clock.now().plus(2 * hour));
        let registry = jobs::remove_old(JobRegistry::new(), &db, &later, kept);
        let worker = Worker::start(&db, &later, registry);
        eventually("the ended job is gone", || async {
            matches!(jobs.get(&p, ended).await, Err(JobsError::NotFound(_)))
        })
        .await;
        worker.stop().await;
        assert!(is(&jobs, waiting, JobState::Queued).await);
        for (table, rows) in [("platform_outbox", 1), ("platform_handled_event", 0)] {
            assert_eq!(effects::rows(&db, table).await, rows, "{table}");
        }
    }
}
