//! The service itself: what it is made of, and asking for a note.

use std::sync::Arc;

use crate::{
    document::{
        AnswerSettings, DocumentError,
        answering::{Scope, answerable},
        notes::{
            jobs::WriteNote,
            model::{NewNote, Note, NoteId, NoteState},
            store,
        },
    },
    kernel::{Actor, Clock, Failure, Permission},
    llm_integration::{Gateway, Recorder},
    platform::{
        db::{Conn, Db, DbError},
        jobs::{self, NewJob},
    },
};

/// Notes on the documents of projects. Cheap to clone.
#[derive(Clone)]
pub struct Notes(pub(super) Arc<NoteParts>);

/// What it stands on.
pub struct NoteParts {
    pub db: Db,
    pub clock: Clock,
    pub gateway: Gateway,
    pub recorder: Recorder,
    pub settings: AnswerSettings,
}

impl Notes {
    pub fn new(parts: NoteParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Asks for a note; a job writes it.
    ///
    /// # Errors
    /// `forbidden`; `document_invalid` when the request is not valid, no model is named, or one of the documents is not
    /// indexed.
    pub async fn write(&self, actor: &Actor, request: NewNote) -> Result<Note, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        actor.require(Permission::GatewayCall)?;
        request.validate()?;
        self.model(&request)?;
        let now = self.0.clock.now();
        let note = Note {
            id: self.0.clock.new_id(),
            project: actor.project,
            request,
            state: NoteState::Writing,
            reason: None,
            latest: 0,
            job: None,
            created_by: actor.signature(),
            created_at: now,
            updated_at: now,
        };
        let (clock, actor) = (self.0.clock.clone(), actor.clone());
        let write = self.0.db.write(move |conn| {
            require_indexed(conn, &note)?;
            let mut note = note;
            store::insert_note(conn, &note)?;
            note.job = Some(enqueue(conn, &clock, &note, &actor)?);
            store::save_note(conn, &note)?;
            Ok::<_, DocumentError>(note)
        });
        Ok(write.await?)
    }

    /// Has the note written again, of the same request, as a version beside those there are.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `document_busy` while it is being written.
    pub async fn rewrite(&self, actor: &Actor, id: NoteId) -> Result<Note, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        actor.require(Permission::GatewayCall)?;
        let (clock, actor, project) = (self.0.clock.clone(), actor.clone(), actor.project);
        let write = self.0.db.write(move |conn| {
            let note = store::open_note(conn, project, id, clock.now())?;
            let mut note = note.ok_or(DocumentError::NoteNotFound(id))?;
            if note.state == NoteState::Writing {
                return Err(DocumentError::NoteBusy);
            }
            require_indexed(conn, &note)?;
            (note.state, note.reason) = (NoteState::Writing, None);
            note.job = Some(enqueue(conn, &clock, &note, &actor)?);
            store::save_note(conn, &note)?;
            Ok(note)
        });
        Ok(write.await?)
    }

    /// The model that writes.
    pub(super) fn model(&self, request: &NewNote) -> Result<String, DocumentError> {
        let named = request
            .model
            .as_deref()
            .unwrap_or(&self.0.settings.model)
            .trim();
        if named.is_empty() {
            let why = "is missing: name a model or a route, or set `documents.answers.model`";
            return Err(DocumentError::invalid("model", why));
        }
        Ok(named.to_owned())
    }
}

/// Every document of a note can be read.
fn require_indexed(conn: &mut Conn, note: &Note) -> Result<(), DocumentError> {
    let scope = Scope {
        documents: note.request.documents.clone(),
        ..Scope::default()
    };
    let found = answerable(conn, note.project, &scope, i64::MAX)?;
    let missing = note.request.documents.iter().find(|wanted| {
        let mut found = found.iter();
        !found.any(|found| found.document == **wanted)
    });
    match missing {
        Some(id) => {
            let why = format!("names {id}, which is no indexed document of this project");
            Err(DocumentError::invalid("documents", why))
        }
        None => Ok(()),
    }
}

fn enqueue(
    conn: &mut Conn,
    clock: &Clock,
    note: &Note,
    actor: &Actor,
) -> Result<jobs::JobId, DbError> {
    let job = WriteNote::of(note.id, actor);
    jobs::enqueue(conn, clock, NewJob::requested_by(actor, job))
}
