//! Processes killed with SIGKILL at random points: nothing is lost, nothing is doubled in effect.

use std::time::Duration;

use kaname::{
    kernel::Clock,
    platform::{
        db::{Db, DbError},
        jobs::{self, NewJob},
    },
};
use rand::Rng;
use tokio::time;

use crate::fresh_database::Engine;
use crate::support::{
    Database, RedisServer,
    child::{Effect, Process},
    effects, eventually,
};

/// Queues one job; tries again while the database is held by a process that is being killed.
async fn enqueue(db: &Db, number: i64) {
    loop {
        let enqueued: Result<_, DbError> = db
            .write(move |conn| {
                jobs::enqueue(conn, &Clock::system(), NewJob::system(Effect { number }))
            })
            .await;
        match enqueued {
            Ok(_) => return,
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
}

async fn kill_again_and_again(
    database: &Database,
    redis: Option<&str>,
    kills: i64,
    jobs_a_kill: i64,
) {
    let db = database.open();
    effects::create_table(&db).await;
    for kill in 0..kills {
        let process = Process::start(database, redis);
        for number in 0..jobs_a_kill {
            enqueue(&db, kill * jobs_a_kill + number).await;
        }
        let moment = rand::rng().random_range(10..250);
        time::sleep(Duration::from_millis(moment)).await;
        process.kill();
    }
    let before = effects::counted(&db, "job").await.len();
    assert!(
        before > 0,
        "the processes were killed at work, not before it"
    );
    all_effects_once(&db, database, redis, kills * jobs_a_kill).await;
}

/// The moment that no order of writes can avoid: the effect is committed, but nobody knows.
async fn crash_between_commit_and_acknowledgement(database: &Database, redis: Option<&str>) {
    let db = database.open();
    effects::create_table(&db).await;
    for number in 0..6 {
        enqueue(&db, number).await;
        let source = if number % 2 == 0 { "job" } else { "event" };
        Process::crash_after_commit(database, redis, source);
    }
    all_effects_once(&db, database, redis, 6).await;
}

async fn all_effects_once(db: &Db, database: &Database, redis: Option<&str>, count: i64) {
    let last = Process::start(database, redis);
    let all = effects::once_each(count);
    for source in ["job", "event"] {
        eventually("every effect is there", || async {
            effects::counted(db, source).await.len() == all.len()
        })
        .await;
        assert_eq!(effects::counted(db, source).await, all, "{source}");
    }
    last.kill();
}

#[tokio::test]
async fn a_crash_between_commit_and_acknowledgement_repeats_no_effect() {
    crash_between_commit_and_acknowledgement(&Database::new(Engine::Sqlite), None).await;
    let redis = RedisServer::start().await;
    crash_between_commit_and_acknowledgement(&Database::new(Engine::Postgres), Some(&redis.url()))
        .await;
}

#[tokio::test]
async fn a_hundred_kills_lose_nothing_and_double_nothing() {
    kill_again_and_again(&Database::new(Engine::Sqlite), None, 100, 5).await;
}

#[tokio::test]
async fn kills_over_postgres_and_redis_lose_nothing_and_double_nothing() {
    let (database, redis) = (Database::new(Engine::Postgres), RedisServer::start().await);
    kill_again_and_again(&database, Some(&redis.url()), 20, 5).await;
}
