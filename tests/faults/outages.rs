//! Outages: Redis and the database go away under load, and come back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use kaname::{
    kernel::Clock,
    platform::{
        bus::EventSettings,
        db::{Db, DbError},
        events::{HandlerError, Subscriptions},
        jobs::{JobRegistry, JobState, Jobs, NewJob},
        outbox,
    },
};
use tokio::{task::JoinHandle, time};

use crate::support::{
    Counted, PostgresServer, Processor, RedisServer, databases, effects, event_settings,
    eventually,
    processor::effect_group,
    worker::{LongWork, Worker, actor, enqueue, is},
};

/// Announces events without a pause until it is told to stop; returns how many committed.
struct Load {
    stop: Arc<AtomicBool>,
    task: JoinHandle<i64>,
    announced: Arc<AtomicI64>,
}

impl Load {
    fn start(db: Db) -> Self {
        let (stop, announced) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicI64::new(0)),
        );
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&announced));
        let task = tokio::spawn(async move {
            let mut number = 0;
            while !stopped.load(Ordering::SeqCst) {
                let event = Counted::of(&format!("a{}", number % 7), number);
                let write: Result<(), DbError> = db
                    .write(move |conn| outbox::append(conn, &Clock::system(), &event).map(drop))
                    .await;
                if write.is_ok() {
                    number += 1;
                    count.store(number, Ordering::SeqCst);
                }
                time::sleep(Duration::from_millis(5)).await;
            }
            number
        });
        Self {
            stop,
            task,
            announced,
        }
    }

    fn announced(&self) -> i64 {
        self.announced.load(Ordering::SeqCst)
    }

    async fn stop(self) -> i64 {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}

async fn handled(db: &Db) -> i64 {
    i64::try_from(effects::counted(db, "test.one").await.len()).unwrap()
}

#[tokio::test]
async fn redis_down_for_20_seconds_under_load_loses_nothing_and_is_found_again() {
    for database in databases() {
        let (db, mut redis) = (database.open(), RedisServer::start().await);
        effects::create_table(&db).await;
        let gaps = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&gaps);
        let subscriptions = effect_group(Subscriptions::new(), "test.one", &db).on_gap(move || {
            count.fetch_add(1, Ordering::SeqCst);
            async {}
        });
        let settings = EventSettings {
            stream_max_events: 100_000,
            ..event_settings()
        };
        let processor = Processor::start_with(&db, Some(redis.client()), subscriptions, settings);
        let load = Load::start(db.clone());
        eventually("events flow", || async { handled(&db).await > 50 }).await;

        redis.kill();
        time::sleep(Duration::from_secs(20)).await;
        redis.resume().await;
        let (before, behind) = (handled(&db).await, load.announced());
        eventually("events flow again", || async {
            handled(&db).await > before
        })
        .await;
        eventually("what waited is handled", || async {
            handled(&db).await >= behind
        })
        .await;
        assert_eq!(
            gaps.load(Ordering::SeqCst),
            1,
            "nothing was lost, so only the start was a gap"
        );

        // And now it comes back with an empty memory.
        redis.kill();
        redis.lose_everything();
        redis.resume().await;
        eventually("the listener is told", || async {
            gaps.load(Ordering::SeqCst) == 2
        })
        .await;
        let count = load.stop().await;
        eventually("every event is handled", || async {
            handled(&db).await == count
        })
        .await;
        assert_eq!(
            effects::counted(&db, "test.one").await,
            effects::once_each(count)
        );
        processor.stop().await;
    }
}

#[tokio::test]
async fn the_stream_is_trimmed_but_not_of_what_a_group_has_not_handled() {
    for database in databases() {
        let (db, redis) = (database.open(), RedisServer::start().await);
        effects::create_table(&db).await;
        let (stuck, other) = (Arc::new(AtomicBool::new(true)), db.clone());
        let is_stuck = Arc::clone(&stuck);
        let subscriptions = effect_group(Subscriptions::new(), "test.one", &db)
            .durable::<Counted, _, _>("test.stuck", move |received| {
                let (db, is_stuck) = (other.clone(), is_stuck.load(Ordering::SeqCst));
                async move {
                    if is_stuck {
                        return Err(HandlerError::Retry("not yet".into()));
                    }
                    let number = received.event.number;
                    Ok(db
                        .write(move |conn| effects::write(conn, "test.stuck", number))
                        .await?)
                }
            });
        // The stream's limit is 50 events.
        let settings = EventSettings {
            delivery_attempts: 10_000,
            claim_after_ms: 2_000,
            ..event_settings()
        };
        let processor = Processor::start_with(&db, Some(redis.client()), subscriptions, settings);
        for number in 0..150 {
            Counted::of("a", number)
                .announce(&db, &Clock::system())
                .await;
        }
        eventually("one group is through", || async {
            handled(&db).await == 150
        })
        .await;
        let gauges = processor.bus.gauges().clone();
        let length = || gauges.read().and_then(|seen| seen.stream_length);
        eventually("the stream is over its limit", || async {
            length() == Some(150)
        })
        .await;
        stuck.store(false, Ordering::SeqCst);
        eventually("the stream is within its limit", || async {
            length().is_some_and(|length| length <= 50)
        })
        .await;
        eventually("the group has handled all, once", || async {
            effects::counted(&db, "test.stuck").await == effects::once_each(150)
        })
        .await;
        processor.stop().await;
    }
}

#[tokio::test]
async fn the_database_down_and_back_loses_no_job_and_no_event() {
    let server = PostgresServer::start();
    let database = server.database();
    let (db, clock, jobs) = (
        database.open(),
        Clock::system(),
        Jobs::new(database.open(), Clock::system()),
    );
    effects::create_table(&db).await;
    let registry = JobRegistry::new().on::<LongWork, _, _>(|_, context| async move {
        // Longer than the outage: the outcome is written to a database that was away.
        time::sleep(Duration::from_secs(4)).await;
        context
            .complete_with(|conn| Ok(effects::write(conn, "job", 0)?))
            .await
    });
    let worker = Worker::start(&db, &clock, registry);
    let subscriptions = effect_group(Subscriptions::new(), "test.one", &db);
    let processor = Processor::start(&db, None, subscriptions);
    let load = Load::start(db.clone());
    let job = enqueue(&db, &clock, NewJob::requested_by(&actor("p"), LongWork)).await;
    eventually("the job runs", || is(&jobs, job, JobState::Running)).await;
    eventually("events flow", || async { handled(&db).await > 20 }).await;

    server.stop();
    time::sleep(Duration::from_secs(3)).await;
    server.resume();
    let behind = load.announced() + 20;
    eventually("events flow again", || async { load.announced() > behind }).await;
    let count = load.stop().await;
    eventually("the job is done", || is(&jobs, job, JobState::Done)).await;
    eventually("every event is handled", || async {
        handled(&db).await == count
    })
    .await;
    assert_eq!(
        effects::counted(&db, "test.one").await,
        effects::once_each(count)
    );
    assert_eq!(effects::counted(&db, "job").await, effects::once_each(1));
    worker.stop().await;
    processor.stop().await;
}
