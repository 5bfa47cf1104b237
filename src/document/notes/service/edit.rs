//! What people do with notes: edit and delete them.

use super::{NoteDetails, Notes};
use crate::{
    document::{
        DocumentError,
        notes::{
            model::{NoteContent, NoteId, NoteVersion, Origin},
            store,
        },
    },
    kernel::{Actor, Failure, Permission},
    platform::jobs,
};

impl Notes {
    /// Writes a version by hand. The versions before stay.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `document_invalid`, or `conflict` where `base` is no longer the latest version.
    pub async fn edit(
        &self,
        actor: &Actor,
        id: NoteId,
        markdown: String,
        base: Option<i32>,
    ) -> Result<NoteDetails, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let content = NoteContent::written(markdown)?;
        let (project, by, now) = (actor.project, actor.signature(), self.0.clock.now());
        let write = self.0.db.write(move |conn| {
            let note = store::open_note(conn, project, id, now)?;
            let mut note = note.ok_or(DocumentError::NoteNotFound(id))?;
            if let Some(base) = base.filter(|base| *base != note.latest) {
                return Err(DocumentError::NoteChanged {
                    base,
                    latest: note.latest,
                });
            }
            note.latest += 1;
            note.updated_at = now;
            let version = NoteVersion {
                note: id,
                number: note.latest,
                origin: Origin::Person,
                content,
                author: by,
                created_at: now,
            };
            store::insert_version(conn, &version)?;
            store::save_note(conn, &note)?;
            Ok(NoteDetails {
                note,
                version: Some(version),
            })
        });
        Ok(write.await?)
    }

    /// Deletes a note with its versions; what writes it is cancelled.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn delete(&self, actor: &Actor, id: NoteId) -> Result<(), Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let (project, now) = (actor.project, self.0.clock.now());
        let write = self.0.db.write(move |conn| {
            let note = store::find_note(conn, project, id)?;
            let note = note.ok_or(DocumentError::NoteNotFound(id))?;
            // The job before the note: the order in which a worker takes them.
            if let Some(job) = note.job {
                jobs::cancel(conn, job, now)?;
            }
            store::delete_note(conn, project, id)?;
            Ok::<_, DocumentError>(())
        });
        Ok(write.await?)
    }
}
