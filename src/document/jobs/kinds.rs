//! The kinds of jobs: their payloads (ids only), queues and policies, and how each is enqueued.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    document::{
        model::{DocumentId, DocumentVersion, VersionId},
        queues::{INDEXING, PROCESSING},
    },
    kernel::{Clock, ProjectId},
    platform::{
        db::{Conn, DbError},
        jobs::{self, Backoff, Job, JobId, JobPolicy, NewJob},
    },
};

/// Raised when the same bytes are read differently: what was read before is then not taken over by others.
pub const READER: i32 = 1;

/// Objects that one job removes.
const OBJECTS_AT_ONCE: usize = 500;

/// Reads the pages of a version.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ProcessDocument {
    pub project: ProjectId,
    pub document: DocumentId,
    pub version: VersionId,
}

impl Job for ProcessDocument {
    const KIND: &'static str = "document.process";
    const QUEUE: &'static str = PROCESSING;
    const POLICY: JobPolicy = JobPolicy {
        // Each goes on where the last one ended; those that come no further are counted by the version itself.
        max_attempts: 100,
        backoff: Backoff {
            first: Duration::from_secs(2),
            factor: 4,
            max: Duration::from_mins(10),
        },
        // Beyond `documents.extraction.seconds_per_document`, which says more when it is over.
        timeout: Duration::from_hours(3),
    };
}

/// Cuts the text of a version into chunks, and puts them into the index.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct IndexVersion {
    pub project: ProjectId,
    pub document: DocumentId,
    pub version: VersionId,
}

impl Job for IndexVersion {
    const KIND: &'static str = "document.index";
    const QUEUE: &'static str = INDEXING;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 6,
        backoff: Backoff {
            first: Duration::from_secs(2),
            factor: 4,
            max: Duration::from_mins(10),
        },
        timeout: Duration::from_hours(1),
    };
}

/// Removes the files of a document that was deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RemoveFiles {
    pub document: DocumentId,
    pub objects: Vec<String>,
}

impl Job for RemoveFiles {
    const KIND: &'static str = "document.remove_files";
    const QUEUE: &'static str = INDEXING;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 10,
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            max: Duration::from_hours(1),
        },
        timeout: Duration::from_mins(30),
    };
}

/// Settles what no job will: versions whose job died, uploads that were left, documents that were kept long enough.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct KeepUp {}

impl Job for KeepUp {
    const KIND: &'static str = "document.keep_up";
    const QUEUE: &'static str = INDEXING;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 3,
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            max: Duration::from_mins(1),
        },
        timeout: Duration::from_mins(10),
    };
}

pub fn enqueue_reading(
    conn: &mut Conn,
    clock: &Clock,
    version: &DocumentVersion,
) -> Result<JobId, DbError> {
    let job = ProcessDocument {
        project: version.project,
        document: version.document,
        version: version.id,
    };
    jobs::enqueue(conn, clock, in_name_of(version, job))
}

pub fn enqueue_indexing(
    conn: &mut Conn,
    clock: &Clock,
    version: &DocumentVersion,
) -> Result<JobId, DbError> {
    let job = IndexVersion {
        project: version.project,
        document: version.document,
        version: version.id,
    };
    jobs::enqueue(conn, clock, in_name_of(version, job))
}

fn in_name_of<J: Job>(version: &DocumentVersion, job: J) -> NewJob<J> {
    NewJob::in_project(version.project, version.uploaded_by.as_str(), job)
}

/// Has the files removed of a document that was deleted.
pub fn enqueue_removal(
    conn: &mut Conn,
    clock: &Clock,
    (project, document): (ProjectId, DocumentId),
    objects: &[String],
) -> Result<(), DbError> {
    for objects in objects.chunks(OBJECTS_AT_ONCE) {
        let job = RemoveFiles {
            document,
            objects: objects.to_vec(),
        };
        jobs::enqueue(conn, clock, NewJob::in_project(project, "system", job))?;
    }
    Ok(())
}
