//! How long traces are kept, and how they go: rows, objects, and what others keep of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Recorder, RemovedTraces, Sink, TraceId, store};
use crate::{
    kernel::{Actor, Clock, Permission, ProjectId},
    llm_integration::{LlmError, comments, media, scores},
    platform::{
        db::{Conn, Db, DbError},
        jobs::{self, Backoff, Job, JobError, JobPolicy, JobRegistry, NewJob},
        objects::Objects,
    },
};

const EVERY: Duration = Duration::from_hours(1);
/// Traces of one transaction: few enough that nobody waits long for SQLite's one writer.
pub(super) const TRACES_AT_ONCE: usize = 200;
/// Objects that one job removes.
const OBJECTS_AT_ONCE: usize = 500;
/// The longest that a project may choose, in days.
pub const MAX_RETENTION_DAYS: u32 = 36_500;

const POLICY: JobPolicy = JobPolicy {
    max_attempts: 10,
    backoff: Backoff {
        first: Duration::from_secs(5),
        factor: 4,
        max: Duration::from_hours(1),
    },
    timeout: Duration::from_mins(55),
};

/// Removes what another folder of this context keeps of traces, in the transaction that removes
/// them; returns the keys of objects to remove.
type DeleteOfTraces = fn(&mut Conn, ProjectId, &RemovedTraces) -> Result<Vec<String>, DbError>;

/// Every folder that keeps something of traces.
const DEPENDENTS: [DeleteOfTraces; 3] = [
    scores::delete_of_traces,
    comments::delete_of_traces,
    media::delete_of_traces,
];

/// Removes traces, on demand and by age. Cheap to clone.
#[derive(Clone)]
pub struct TraceRetention {
    pub(super) db: Db,
    pub(super) clock: Clock,
    objects: Objects,
    recorder: Recorder,
    /// Where a project chose nothing; 0 = for ever.
    default_days: u32,
}

/// How long a project keeps its traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionChoice {
    /// 0 = for ever.
    pub days: u32,
    /// Whether the project chose it, rather than the operator.
    pub is_own: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct RemoveExpired {}

impl Job for RemoveExpired {
    const KIND: &'static str = "llm.remove_expired_traces";
    const QUEUE: &'static str = "traces";
    const POLICY: JobPolicy = POLICY;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct RemoveObjects {
    keys: Vec<String>,
}

impl Job for RemoveObjects {
    const KIND: &'static str = "llm.remove_objects";
    const QUEUE: &'static str = "traces";
    const POLICY: JobPolicy = POLICY;
}

impl TraceRetention {
    /// Over the database and objects that `sink` writes to.
    pub fn new(sink: &Sink, recorder: Recorder, default_days: u32) -> Self {
        Self {
            db: sink.db.clone(),
            clock: sink.clock.clone(),
            objects: sink.objects.clone(),
            recorder,
            default_days,
        }
    }

    /// Deletes traces of the actor's project with everything that belongs to them. What is not there
    /// counts as deleted; what is reported of them within a week from now is dropped.
    pub async fn delete(&self, actor: &Actor, ids: Vec<TraceId>) -> Result<(), LlmError> {
        actor.require(Permission::TracesManage)?;
        // What was accepted before is deleted too, not written after.
        self.recorder.applied().await;
        let remains = store::Remains::Tombstone(self.clock.now());
        for chunk in ids.chunks(TRACES_AT_ONCE) {
            self.remove(actor.project, chunk.to_vec(), remains).await?;
        }
        Ok(())
    }

    pub async fn choice(&self, actor: &Actor) -> Result<RetentionChoice, LlmError> {
        actor.require(Permission::TracesRead)?;
        let chosen = self.db.read(store::chosen_retention).await;
        let own = chosen.map_err(LlmError::Db)?.get(&actor.project).copied();
        Ok(RetentionChoice {
            days: self.days(own),
            is_own: own.is_some(),
        })
    }

    /// Sets how long the actor's project keeps its traces; `None` leaves it to the operator.
    pub async fn choose(&self, actor: &Actor, days: Option<u32>) -> Result<(), LlmError> {
        actor.require(Permission::TracesManage)?;
        let days = match days.map(i32::try_from).transpose() {
            Ok(days) if days.is_none_or(|days| days <= MAX_RETENTION_DAYS.cast_signed()) => days,
            _ => {
                return Err(LlmError::InvalidCall {
                    what: format!("`days` must be 0 (for ever) to {MAX_RETENTION_DAYS}, or null"),
                });
            }
        };
        let (project, now) = (actor.project, self.clock.now());
        self.db
            .write(move |conn| store::choose_retention(conn, project, days, now))
            .await
            .map_err(LlmError::Db)
    }

    /// Adds the jobs that keep this up to a process's registry.
    #[must_use]
    pub fn register(&self, registry: JobRegistry) -> JobRegistry {
        let (expired, objects) = (self.clone(), self.objects.clone());
        registry
            .on::<RemoveExpired, _, _>(move |_, context| {
                let this = expired.clone();
                async move { Ok(this.keep_up(context.cancellation()).await?) }
            })
            .on::<RemoveObjects, _, _>(move |job, _| {
                let objects = objects.clone();
                async move {
                    let removed = objects.delete(job.keys).await;
                    removed.map_err(|error| JobError::Retry(Box::new(error)))
                }
            })
            .every(EVERY, RemoveExpired {})
    }

    /// One transaction: rows, what others keep, and a job that removes the objects after it.
    pub(super) async fn remove(
        &self,
        project: ProjectId,
        ids: Vec<TraceId>,
        remains: store::Remains,
    ) -> Result<(), DbError> {
        let clock = self.clock.clone();
        self.db
            .write(move |conn| {
                let removed = store::delete_traces(conn, project, ids, remains)?;
                let mut keys = removed.objects.clone();
                for delete in DEPENDENTS {
                    keys.extend(delete(conn, project, &removed)?);
                }
                for chunk in keys.chunks(OBJECTS_AT_ONCE) {
                    let keys = chunk.to_vec();
                    jobs::enqueue(conn, &clock, NewJob::system(RemoveObjects { keys }))?;
                }
                Ok(())
            })
            .await
    }

    pub(super) fn days(&self, own: Option<i32>) -> u32 {
        own.map_or(self.default_days, i32::unsigned_abs)
    }
}
