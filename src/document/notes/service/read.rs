//! Reading notes.

use super::Notes;
use crate::{
    document::{
        DocumentError, DocumentId,
        notes::{
            model::{Note, NoteId, NoteVersion},
            store::{self, NotePosition},
        },
    },
    kernel::{Actor, Cursor, Failure, Page, PageLimit, Permission},
};

/// A note and its latest version; none before it is first written.
#[derive(Clone, Debug)]
pub struct NoteDetails {
    pub note: Note,
    pub version: Option<NoteVersion>,
}

impl Notes {
    /// The project's notes, the one that last changed first.
    ///
    /// # Errors
    /// `forbidden`, or `invalid_request` for a cursor of another list.
    pub async fn list(
        &self,
        actor: &Actor,
        document: Option<DocumentId>,
        (cursor, limit): (Option<Cursor>, PageLimit),
    ) -> Result<Page<Note>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let after: Option<NotePosition> = cursor.map(|cursor| cursor.position()).transpose()?;
        let project = actor.project;
        let notes = self
            .0
            .db
            .read(move |conn| {
                store::notes(
                    conn,
                    project,
                    document,
                    after.as_ref(),
                    limit.with_lookahead(),
                )
            })
            .await?;
        let position = |note: &Note| NotePosition(note.updated_at, note.id);
        Ok(Page::from_lookahead(notes, limit, position))
    }

    /// A note with one of its versions: the one that is named, or the latest.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn get(
        &self,
        actor: &Actor,
        id: NoteId,
        number: Option<i32>,
    ) -> Result<NoteDetails, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let read = self.0.db.read(move |conn| {
            let note = store::find_note(conn, project, id)?;
            let note = note.ok_or(DocumentError::NoteNotFound(id))?;
            let version = store::find_version(conn, id, number.unwrap_or(note.latest))?;
            if let (None, Some(number)) = (&version, number) {
                return Err(DocumentError::NoteVersionNotFound { note: id, number });
            }
            Ok(NoteDetails { note, version })
        });
        Ok(read.await?)
    }

    /// A note's versions, from the highest down.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `invalid_request` for a cursor of another list.
    pub async fn versions(
        &self,
        actor: &Actor,
        id: NoteId,
        (cursor, limit): (Option<Cursor>, PageLimit),
    ) -> Result<Page<NoteVersion>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let before: Option<i32> = cursor.map(|cursor| cursor.position()).transpose()?;
        let project = actor.project;
        let read = self.0.db.read(move |conn| {
            let note = store::find_note(conn, project, id)?;
            note.ok_or(DocumentError::NoteNotFound(id))?;
            Ok::<_, DocumentError>(store::versions(conn, id, before, limit.with_lookahead())?)
        });
        let versions = read.await?;
        Ok(Page::from_lookahead(versions, limit, |version| {
            version.number
        }))
    }
}
