//! Deleting documents: rows, pages, files, and what others made of them.

use super::{
    Documents,
    documents::{existing, opened},
};
use crate::{
    document::{
        DocumentDeleted, DocumentError, answering,
        jobs::enqueue_removal,
        model::{DocumentId, VersionId},
        notes, search, store,
    },
    kernel::{Actor, Clock, Failure, Permission, ProjectId},
    platform::{db::Conn, jobs, outbox},
};

/// Documents of one transaction: few enough that nobody waits long for SQLite's one writer.
const AT_ONCE: i64 = 20;

impl Documents {
    /// Deletes a document with everything that was made of it.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn delete(&self, actor: &Actor, id: DocumentId) -> Result<(), Failure> {
        actor.require(Permission::DocumentsWrite)?;
        self.remove(actor.project, vec![id], actor.signature())
            .await?;
        Ok(())
    }

    /// Deletes all documents of the actor's project; returns how many there were.
    ///
    /// # Errors
    /// `forbidden`; what was deleted before a failure stays deleted.
    pub async fn delete_all(&self, actor: &Actor) -> Result<u64, Failure> {
        actor.require(Permission::DocumentsManage)?;
        let (project, mut deleted) = (actor.project, 0);
        loop {
            let some = self
                .db
                .read(move |conn| store::project_documents(conn, project, AT_ONCE))
                .await?;
            if some.is_empty() {
                return Ok(deleted);
            }
            let count = some.len() as u64;
            match self.remove(project, some, actor.signature()).await {
                Ok(()) => deleted += count,
                // Somebody else deleted one in the meantime.
                Err(DocumentError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(in crate::document) async fn remove(
        &self,
        project: ProjectId,
        ids: Vec<DocumentId>,
        by: String,
    ) -> Result<(), DocumentError> {
        let clock = self.clock.clone();
        self.db
            .write(move |conn| {
                store::lock_project(conn, project)?;
                ids.iter()
                    .try_for_each(|id| remove_one(conn, &clock, (project, *id), &by))
            })
            .await
    }
}

fn remove_one(
    conn: &mut Conn,
    clock: &Clock,
    (project, id): (ProjectId, DocumentId),
    by: &str,
) -> Result<(), DocumentError> {
    existing(conn, project, id)?;
    let versions = store::versions_of(conn, id)?;
    // Jobs before documents: the order in which a worker takes them.
    for job in versions.iter().filter_map(|version| version.job) {
        jobs::cancel(conn, job, clock.now())?;
    }
    opened(conn, project, id)?;
    let objects = store::unshared_objects(conn, id)?;
    answering::forget(conn, id)?;
    notes::forget(conn, id)?;
    store::delete(conn, id)?;
    search::forget(conn, clock, project, id)?;
    let versions: Vec<VersionId> = versions.into_iter().map(|version| version.id).collect();
    enqueue_removal(conn, clock, (project, id), &objects)?;
    let event = DocumentDeleted {
        project,
        document: id,
        versions,
        by: by.to_owned(),
    };
    outbox::append(conn, clock, &event)?;
    Ok(())
}
