//! Which handler runs which kind of job. Filled in by `roles`.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::Value;

use super::{Job, JobContext, JobError, JobPolicy, NewJob, store};
use crate::{
    kernel::{Clock, Id, Timestamp},
    platform::db::{Conn, DbError},
};

type Handler =
    Arc<dyn Fn(Value, JobContext) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync>;
type Enqueue = Arc<dyn Fn(&mut Conn, &Clock, Timestamp) -> Result<(), DbError> + Send + Sync>;

pub(super) struct Registered {
    pub queue: &'static str,
    pub policy: JobPolicy,
    pub handler: Handler,
}

/// A job that is enqueued at every multiple of its interval.
#[derive(Clone)]
pub(super) struct Periodic {
    pub kind: &'static str,
    pub every: Duration,
    pub enqueue: Enqueue,
}

/// Every kind of job that this process can run.
#[derive(Default)]
pub struct JobRegistry {
    kinds: HashMap<&'static str, Registered>,
    /// Jobs of a queue that run at once in one process.
    limits: HashMap<&'static str, usize>,
    periodic: Vec<Periodic>,
}

impl JobRegistry {
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs jobs of kind `J` with `handler`. A handler is idempotent: an attempt can be repeated
    /// after it was killed at any point before [`JobContext::complete_with`] or its return.
    ///
    /// # Panics
    /// When the kind has a handler already.
    #[must_use]
    pub fn on<J, F, Fut>(mut self, handler: F) -> Self
    where
        J: Job,
        F: Fn(J, JobContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let handler: Handler = Arc::new(move |payload, context| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let job =
                    J::deserialize(payload).map_err(|error| JobError::Fatal(Box::new(error)))?;
                handler(job, context).await
            })
        });
        let registered = Registered {
            queue: J::QUEUE,
            policy: J::POLICY,
            handler,
        };
        let replaced = self.kinds.insert(J::KIND, registered);
        assert!(
            replaced.is_none(),
            "the job kind `{}` has two handlers",
            J::KIND
        );
        self
    }

    /// Lets at most `most` jobs of `queue` run at once in this process, 1 or more: long work of one queue
    /// leaves places to the others.
    #[must_use]
    pub fn at_most(mut self, queue: &'static str, most: usize) -> Self {
        self.limits.insert(queue, most.max(1));
        self
    }

    /// Also enqueues `job` at every multiple of `every` since the epoch: once for each time,
    /// however many processes run this. A time that passed while no process ran is skipped.
    #[must_use]
    pub fn every<J: Job + Clone + Sync>(mut self, every: Duration, job: J) -> Self {
        let enqueue: Enqueue = Arc::new(move |conn, clock, tick| {
            // The id follows from the time, so that processes agree on it, also after the job ended.
            let id = Id::from_name(&format!("{} at {tick}", J::KIND));
            store::enqueue(conn, clock, NewJob::system(job.clone()).with_id(id))?;
            Ok(())
        });
        self.periodic.push(Periodic {
            kind: J::KIND,
            every,
            enqueue,
        });
        self
    }

    /// The kinds of each queue.
    pub(super) fn queues(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        let mut queues: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (kind, registered) in &self.kinds {
            queues.entry(registered.queue).or_default().push(*kind);
        }
        queues
    }

    pub(super) fn limits(&self) -> HashMap<&'static str, usize> {
        self.limits.clone()
    }

    pub(super) fn get(&self, kind: &str) -> Option<&Registered> {
        self.kinds.get(kind)
    }

    pub(super) fn periodic(&self) -> &[Periodic] {
        &self.periodic
    }
}
