//! A process to be killed: this test binary, started again with a task to do.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use kaname::{
    kernel::Clock,
    platform::{
        bus::{Bus, EventSettings},
        db::Db,
        events::Subscriptions,
        jobs::{self, Backoff, Job, JobContext, JobPolicy, JobRegistry, JobSettings},
        outbox,
        sizing::Sizing,
    },
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{Counted, Database, client, effects, event_settings, processor::write_effect};

const DATABASE: &str = "FAULTS_CHILD_DATABASE";
const REDIS: &str = "FAULTS_CHILD_REDIS";
const CRASH: &str = "FAULTS_CHILD_CRASH";

/// What this process was told by the one that started it.
#[expect(clippy::disallowed_methods, reason = "how a child hears of its task")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A process that runs jobs, relays events and handles them, until it is killed.
pub struct Process(Child);

impl Process {
    pub fn start(database: &Database, redis: Option<&str>) -> Self {
        Self(Self::command(database, redis).spawn().unwrap())
    }

    fn command(database: &Database, redis: Option<&str>) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "support::child::run_when_told_to", "--nocapture"])
            .env(DATABASE, &database.url)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(redis) = redis {
            command.env(REDIS, redis);
        }
        command
    }

    /// A process that ends itself, without a word, right after it committed its first effect of
    /// this source (`job` or `event`); returns once it is gone.
    pub fn crash_after_commit(database: &Database, redis: Option<&str>, source: &str) {
        let mut process = Self::command(database, redis)
            .env(CRASH, source)
            .spawn()
            .unwrap();
        let status = process.wait().unwrap();
        assert!(!status.success(), "it ended by itself: {status}");
    }

    /// SIGKILL: the process has no say in it.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A job whose effect, completion and event commit together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Effect {
    pub number: i64,
}

impl Job for Effect {
    const KIND: &'static str = "test.effect";
    const QUEUE: &'static str = "test";
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 10_000,
        backoff: Backoff {
            first: Duration::from_millis(10),
            factor: 1,
            max: Duration::from_millis(10),
        },
        timeout: Duration::from_secs(10),
    };
}

/// What the child does; a test that does nothing unless it was started as a child.
#[test]
fn run_when_told_to() {
    let Some(url) = told(DATABASE) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = Database::at(&url).open();
        tokio::join!(run_jobs(db.clone()), run_events(db));
    });
}

async fn run_jobs(db: Db) {
    let clock = Clock::system();
    let registry = JobRegistry::new().on::<Effect, _, _>(perform);
    let settings = JobSettings {
        concurrency: 4,
        poll_interval_ms: 50,
        heartbeat_ms: 50,
        orphan_after_ms: 300,
        cancel_grace_seconds: 1,
        retention_hours: 1,
    };
    let with = (settings, Sizing { processors: 2 });
    let never = CancellationToken::new();
    jobs::run(registry, (db, clock), with, never, Duration::ZERO)
        .await
        .unwrap();
}

async fn perform(job: Effect, context: JobContext) -> Result<(), jobs::JobError> {
    // Work that takes a moment, so that kills meet it half way.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let clock = Clock::system();
    let commit = context.complete_with(move |conn| {
        effects::write(conn, "job", job.number)?;
        outbox::append(conn, &clock, &Counted::of("jobs", job.number))?;
        Ok(())
    });
    commit.await?;
    crash_if_told_to("job");
    Ok(())
}

fn crash_if_told_to(source: &str) {
    if told(CRASH).is_some_and(|told| told == source) {
        std::process::abort();
    }
}

async fn run_events(db: Db) {
    let redis = told(REDIS).map(|url| client(&url));
    let settings = EventSettings {
        delivery_attempts: 10_000,
        poll_interval_ms: 50,
        ..event_settings()
    };
    let bus = Bus::new(db.clone(), Clock::system(), settings, redis);
    let subscriptions = Subscriptions::new().durable::<Counted, _, _>("event", move |received| {
        let db = db.clone();
        async move {
            write_effect(&db, "event", received).await?;
            crash_if_told_to("event");
            Ok(())
        }
    });
    bus.process(Arc::new(subscriptions), CancellationToken::new())
        .await;
}
