//! Steering what is done with a version: cancel it, start it again.

use super::{
    Documents,
    documents::{existing, version_of},
};
use crate::{
    document::{
        DocumentError,
        jobs::{READER, enqueue_indexing, enqueue_reading},
        model::{DocumentId, DocumentVersion, VersionNumber, VersionState},
        store,
    },
    kernel::{Actor, Clock, Failure, Permission, ProjectId},
    platform::{db::Conn, jobs},
};

impl Documents {
    /// Stops reading or indexing a version. What is stored of it stays.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `document_ended` when nothing is being done with it.
    pub async fn cancel(
        &self,
        actor: &Actor,
        id: DocumentId,
        number: VersionNumber,
    ) -> Result<DocumentVersion, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let (project, clock, by) = (actor.project, self.clock.clone(), actor.signature());
        let cancelled = self
            .db
            .write(move |conn| {
                let document = existing(conn, project, id)?;
                let version = version_of(conn, &document, Some(number))?;
                let reason = format!("cancelled by {by}");
                cancel_version(conn, &clock, &version, &reason)
            })
            .await?;
        self.news.tell(cancelled.id);
        Ok(cancelled)
    }

    /// Reads a version that failed or was cancelled again, from the page on that was reached.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `document_busy` when it is not one of these.
    pub async fn retry(
        &self,
        actor: &Actor,
        id: DocumentId,
        number: VersionNumber,
    ) -> Result<DocumentVersion, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let (project, clock) = (actor.project, self.clock.clone());
        let retried = self
            .db
            .write(move |conn| retry_version(conn, &clock, project, (id, number)))
            .await?;
        self.news.tell(retried.id);
        Ok(retried)
    }
}

/// The job first, then the version: the order in which a worker takes them.
fn cancel_version(
    conn: &mut Conn,
    clock: &Clock,
    version: &DocumentVersion,
    reason: &str,
) -> Result<DocumentVersion, DocumentError> {
    let now = clock.now();
    if let Some(job) = version.job {
        jobs::cancel(conn, job, now)?;
    }
    let gone = || DocumentError::NotFound(version.document);
    let mut version = store::open_version(conn, version.id, now)?.ok_or_else(gone)?;
    if version.state.is_final() {
        return Err(DocumentError::NotCancellable(version.state));
    }
    version.cancel(reason);
    store::save_version(conn, &version)?;
    Ok(version)
}

fn retry_version(
    conn: &mut Conn,
    clock: &Clock,
    project: ProjectId,
    (id, number): (DocumentId, VersionNumber),
) -> Result<DocumentVersion, DocumentError> {
    let document = existing(conn, project, id)?;
    let version = version_of(conn, &document, Some(number))?;
    let gone = || DocumentError::NotFound(id);
    let mut version = store::open_version(conn, version.id, clock.now())?.ok_or_else(gone)?;
    match version.state {
        VersionState::Failed | VersionState::Cancelled => {}
        state => return Err(DocumentError::NotRetryable(state)),
    }
    if version.reader != READER {
        // What is stored of it was read otherwise.
        store::delete_pages(conn, version.id)?;
        version.start_over(READER);
    }
    version.reason = None;
    version.job = Some(if version.read_at.is_some() {
        version.state = VersionState::Read;
        enqueue_indexing(conn, clock, &version)?
    } else {
        version.state = VersionState::Uploaded;
        enqueue_reading(conn, clock, &version)?
    });
    store::save_version(conn, &version)?;
    Ok(version)
}
