//! What is done with the index in the background: vectors, and what was left.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{SearchError, SearchIndex, model::IndexNumber, store};
use crate::{
    document::{
        model::DocumentId,
        queues::{GENERATION, INDEXING, WHOLE_PROJECTS},
    },
    kernel::{Clock, ProjectId},
    platform::{
        db::{Conn, DbError},
        jobs::{self, Backoff, Job, JobError, JobPolicy, JobRegistry, NewJob},
    },
};

const KEEP_UP_EVERY: Duration = Duration::from_mins(1);

const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(2),
    factor: 4,
    max: Duration::from_mins(10),
};

/// Has the model read every chunk of an index that it has not read yet.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct EmbedChunks {
    pub project: ProjectId,
    pub index: IndexNumber,
}

impl Job for EmbedChunks {
    const KIND: &'static str = "document.embed";
    const QUEUE: &'static str = WHOLE_PROJECTS;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 10,
        backoff: BACKOFF,
        timeout: Duration::from_hours(6),
    };
}

/// Puts every document of a project into the generation that is being built.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct BuildIndex {
    pub project: ProjectId,
    pub index: IndexNumber,
}

impl Job for BuildIndex {
    const KIND: &'static str = "document.build_index";
    const QUEUE: &'static str = WHOLE_PROJECTS;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 10,
        backoff: BACKOFF,
        timeout: Duration::from_hours(6),
    };
}

/// Removes what the index has of a document that is gone.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Unindex {
    pub project: ProjectId,
    pub document: DocumentId,
}

impl Job for Unindex {
    const KIND: &'static str = "document.unindex";
    const QUEUE: &'static str = INDEXING;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 10,
        backoff: BACKOFF,
        timeout: Duration::from_mins(30),
    };
}

/// Puts a document again whose title is another by now: chunks are found by it too.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct PutAgain {
    pub project: ProjectId,
    pub document: DocumentId,
}

impl Job for PutAgain {
    const KIND: &'static str = "document.put_again";
    const QUEUE: &'static str = INDEXING;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 6,
        backoff: BACKOFF,
        timeout: Duration::from_hours(1),
    };
}

/// Has the index take over the title of a document, after the running transaction.
///
/// # Errors
/// When the database fails.
pub fn put_again(
    conn: &mut Conn,
    clock: &Clock,
    project: ProjectId,
    document: DocumentId,
) -> Result<(), DbError> {
    let job = NewJob::in_project(project, "system", PutAgain { project, document });
    jobs::enqueue(conn, clock, job).map(drop)
}

/// Has a model write what chunks of a document leave unsaid.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct WriteContexts {
    pub project: ProjectId,
    pub document: DocumentId,
    pub index: IndexNumber,
}

impl Job for WriteContexts {
    const KIND: &'static str = "document.write_contexts";
    const QUEUE: &'static str = GENERATION;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 10,
        backoff: BACKOFF,
        timeout: Duration::from_hours(2),
    };
}

/// From the commit of the running transaction on nothing of the document is found; its rows are removed after it.
///
/// # Errors
/// When the database fails.
pub fn forget(
    conn: &mut Conn,
    clock: &Clock,
    project: ProjectId,
    document: DocumentId,
) -> Result<(), DbError> {
    store::hide(conn, project, document)?;
    let job = NewJob::in_project(project, "system", Unindex { project, document });
    jobs::enqueue(conn, clock, job).map(drop)
}

/// Asks all labelled queries with a version of the settings.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct EvaluateSearch {
    pub project: ProjectId,
    pub version: i32,
}

impl Job for EvaluateSearch {
    const KIND: &'static str = "document.evaluate_search";
    const QUEUE: &'static str = WHOLE_PROJECTS;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 3,
        backoff: BACKOFF,
        timeout: Duration::from_hours(1),
    };
}

/// Settles what no job will: chunks without vectors, generations that no longer serve, documents that are gone.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct KeepIndexUp {}

impl Job for KeepIndexUp {
    const KIND: &'static str = "document.keep_index_up";
    const QUEUE: &'static str = INDEXING;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 3,
        backoff: BACKOFF,
        timeout: Duration::from_mins(10),
    };
}

impl SearchIndex {
    /// Adds the jobs of the index to a process's registry.
    #[must_use]
    pub fn register(&self, registry: JobRegistry) -> JobRegistry {
        let (embedding, building) = (self.clone(), self.clone());
        let (removing, keeping, evaluating) = (self.clone(), self.clone(), self.clone());
        let (repeating, writing) = (self.clone(), self.clone());
        registry
            .on::<EmbedChunks, _, _>(move |job, context| {
                let index = embedding.clone();
                async move { index.embed(job, context).await }
            })
            .on::<BuildIndex, _, _>(move |job, context| {
                let index = building.clone();
                async move { index.build(job, context).await }
            })
            .on::<EvaluateSearch, _, _>(move |job, context| {
                let index = evaluating.clone();
                async move { index.evaluate(job, context).await }
            })
            .on::<PutAgain, _, _>(move |job, context| {
                let index = repeating.clone();
                async move { index.put_again(job, context).await }
            })
            .on::<WriteContexts, _, _>(move |job, context| {
                let index = writing.clone();
                async move { index.write_contexts(job, context).await }
            })
            .on::<Unindex, _, _>(move |job, _| {
                let index = removing.clone();
                async move { Ok(index.remove(job.project, job.document).await?) }
            })
            .on::<KeepIndexUp, _, _>(move |_, _| {
                let index = keeping.clone();
                async move { index.keep_up().await.map_err(JobError::from) }
            })
            .every(KEEP_UP_EVERY, KeepIndexUp {})
    }
}

impl From<SearchError> for JobError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Db(error) => error.into(),
            error => Self::Retry(Box::new(error)),
        }
    }
}
