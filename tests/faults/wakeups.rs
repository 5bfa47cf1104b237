//! Wake-ups: what one process commits, another begins with at once.

use std::time::{Duration, Instant};

use kaname::{
    kernel::Clock,
    platform::{
        db::Db,
        jobs::{JobRegistry, JobState, Jobs, NewJob},
        redis::carry_wakeups,
    },
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::{
    RedisServer, databases, eventually,
    worker::{Work, Worker, actor, enqueue, is},
};

fn joined(db: &Db, redis: &RedisServer) -> DropGuard {
    let stop = CancellationToken::new();
    let carry = carry_wakeups(
        redis.client(),
        db.wakeups().clone(),
        Clock::system(),
        stop.clone(),
    );
    tokio::spawn(carry);
    stop.drop_guard()
}

#[tokio::test]
async fn a_job_enqueued_in_one_process_starts_in_another_without_waiting_for_its_poll() {
    for database in databases() {
        // Workers here poll once a minute; only a wake-up can be the reason for a start.
        let (api, worker_db, clock) = (database.open(), database.open(), Clock::system());
        let mut redis = RedisServer::start().await;
        let _joined = [joined(&api, &redis), joined(&worker_db, &redis)];
        let jobs = Jobs::new(api.clone(), clock.clone());
        let registry = JobRegistry::new().on::<Work, _, _>(|_, _| async { Ok(()) });
        let worker = Worker::start(&worker_db, &clock, registry);
        for outage in [false, true] {
            if outage {
                redis.kill();
                redis.resume().await;
            }
            // Best effort: until both are connected a wake-up may be lost, so ask again.
            eventually("a job that was just enqueued is done", || async {
                let id = enqueue(
                    &api,
                    &clock,
                    NewJob::requested_by(&actor("p"), Work { number: 0 }),
                )
                .await;
                let asked = Instant::now();
                while asked.elapsed() < Duration::from_millis(500) {
                    if is(&jobs, id, JobState::Done).await {
                        return true;
                    }
                    tokio::task::yield_now().await;
                }
                false
            })
            .await;
        }
        worker.stop().await;
    }
}
