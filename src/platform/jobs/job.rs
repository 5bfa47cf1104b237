//! A kind of job as its context defines it, and one job to enqueue.

use std::{error::Error, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use super::JobId;
use crate::{
    kernel::{Actor, Failure, ProjectId, Timestamp},
    platform::db::DbError,
};

/// Work of one kind. The fields are its payload: ids, not rows, since a job may run much later.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// `prompt.reindex`. Stays for ever: jobs of this kind may be in a database.
    const KIND: &'static str;
    /// The queue whose depth and workers it shares.
    const QUEUE: &'static str;
    const POLICY: JobPolicy;
}

/// How often and how long a kind of job is tried.
#[derive(Clone, Copy, Debug)]
pub struct JobPolicy {
    /// Attempts until the job is dead, 1 or more.
    pub max_attempts: u32,
    pub backoff: Backoff,
    /// One attempt's limit.
    pub timeout: Duration,
}

/// The wait before another attempt: `first`, then `factor` times longer each time, at most `max`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub factor: u32,
    pub max: Duration,
}

impl Backoff {
    /// The wait after this many failures, 1 or more.
    pub fn delay(self, failures: u32) -> Duration {
        let growth = self.factor.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(growth).min(self.max)
    }
}

/// Why an attempt failed, and whether another may succeed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Try again after the policy's backoff, while attempts are left.
    #[error("the attempt failed")]
    Retry(#[source] Box<dyn Error + Send + Sync>),
    /// It would fail the same way again: the job is dead at once.
    #[error("the job can not succeed")]
    Fatal(#[source] Box<dyn Error + Send + Sync>),
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Corrupt { .. } => Self::Fatal(Box::new(error)),
            _ => Self::Retry(Box::new(error)),
        }
    }
}

impl From<Failure> for JobError {
    fn from(failure: Failure) -> Self {
        if failure.may_be_retried() {
            Self::Retry(Box::new(failure))
        } else {
            Self::Fatal(Box::new(failure))
        }
    }
}

/// A job to enqueue.
#[derive(Clone, Debug)]
pub struct NewJob<J> {
    pub(super) job: J,
    pub(super) id: Option<JobId>,
    pub(super) project: Option<ProjectId>,
    pub(super) requested_by: String,
    pub(super) unique_key: Option<String>,
    pub(super) priority: i32,
    pub(super) run_at: Option<Timestamp>,
}

impl<J: Job> NewJob<J> {
    /// A job of the product itself, which no project sees.
    pub fn system(job: J) -> Self {
        Self {
            job,
            id: None,
            project: None,
            requested_by: "system".to_owned(),
            unique_key: None,
            priority: 0,
            run_at: None,
        }
    }

    /// A job that `actor` asks for, in its project.
    pub fn requested_by(actor: &Actor, job: J) -> Self {
        Self {
            project: Some(actor.project),
            requested_by: actor.signature(),
            ..Self::system(job)
        }
    }

    /// A job that a context asks for in the name of `requested_by`.
    pub fn in_project(project: ProjectId, requested_by: impl Into<String>, job: J) -> Self {
        Self {
            project: Some(project),
            requested_by: requested_by.into(),
            ..Self::system(job)
        }
    }

    /// While a job of this kind and project with this key is queued or runs, no second one is made.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }

    /// Higher runs earlier; 0 is usual.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Not before this time.
    #[must_use]
    pub fn run_at(mut self, time: Timestamp) -> Self {
        self.run_at = Some(time);
        self
    }

    /// The job's id; a job that has it already, even one that ended, makes this one nothing.
    #[must_use]
    pub(super) fn with_id(mut self, id: JobId) -> Self {
        self.id = Some(id);
        self
    }

    /// The key as stored: keys of two projects never meet.
    pub(super) fn stored_key(&self) -> Option<String> {
        let key = self.unique_key.as_ref()?;
        Some(
            self.project
                .map_or_else(|| format!("-/{key}"), |project| format!("{project}/{key}")),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_stops_at_its_limit() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            factor: 3,
            max: Duration::from_secs(20),
        };
        let delays = [1, 2, 3, 4, 4_000_000].map(|failures| backoff.delay(failures).as_secs());
        assert_eq!(delays, [1, 3, 9, 20, 20]);
    }
}
