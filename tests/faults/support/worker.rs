//! A worker as a process would run it, in this one, and the jobs it is given.

use std::time::Duration;

use kaname::{
    kernel::{Actor, Clock, OrganizationId, Permissions, ProjectId, Subject},
    platform::{
        db::Db,
        jobs::{
            self, Backoff, Job, JobId, JobPolicy, JobRegistry, JobSettings, JobState, Jobs, NewJob,
        },
        sizing::Sizing,
    },
};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    pub number: u32,
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
pub struct LongWork;

impl Job for LongWork {
    const KIND: &'static str = "test.long_work";
    const QUEUE: &'static str = "test_long";
    const POLICY: JobPolicy = JobPolicy {
        timeout: Duration::from_mins(1),
        ..Work::POLICY
    };
}

pub fn settings() -> JobSettings {
    JobSettings {
        concurrency: 4,
        poll_interval_ms: 600_000, // nothing here may depend on polling
        heartbeat_ms: 100,
        // On a busy machine nobody is taken for dead who is only slow.
        orphan_after_ms: 60_000,
        cancel_grace_seconds: 30,
        retention_hours: 1,
    }
}

pub struct Worker {
    pub stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    pub fn start(db: &Db, clock: &Clock, registry: JobRegistry) -> Self {
        Self::draining(db, clock, registry, Duration::from_secs(10))
    }

    pub fn draining(db: &Db, clock: &Clock, registry: JobRegistry, drain: Duration) -> Self {
        Self::with(settings(), db, clock, registry, drain)
    }

    /// Takes others for dead who are silent for a moment.
    pub fn hasty(db: &Db, clock: &Clock, registry: JobRegistry) -> Self {
        let settings = JobSettings {
            orphan_after_ms: 400,
            ..settings()
        };
        Self::with(settings, db, clock, registry, Duration::from_secs(10))
    }

    pub fn with(
        settings: JobSettings,
        db: &Db,
        clock: &Clock,
        registry: JobRegistry,
        drain: Duration,
    ) -> Self {
        let stop = CancellationToken::new();
        let with = (settings, Sizing { processors: 2 });
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

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

pub fn actor(project: &str) -> Actor {
    Actor {
        subject: Subject::System,
        organization: OrganizationId::from_name("o"),
        project: ProjectId::from_name(project),
        permissions: Permissions::all(),
    }
}

pub async fn enqueue<J: Job + Sync>(db: &Db, clock: &Clock, new: NewJob<J>) -> JobId {
    let clock = clock.clone();
    db.write(move |conn| jobs::enqueue(conn, &clock, new))
        .await
        .unwrap()
}

pub async fn is(jobs: &Jobs, id: JobId, state: JobState) -> bool {
    jobs.get(&actor("p"), id).await.unwrap().state == state
}
