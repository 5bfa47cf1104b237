//! Notes.

use std::collections::HashMap;

use diesel::{dsl::exists, insert_into, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    document::{
        DocumentId,
        notes::{
            model::{NewNote, Note, NoteId, NoteState},
            schema::{document_note as n, document_note_source as s},
        },
    },
    kernel::{ProjectId, Timestamp},
    platform::{
        db::{Conn, DbError, JsonColumn, each_backend},
        jobs::JobId,
    },
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = n)]
#[diesel(treat_none_as_default_value = false)]
struct NoteRow {
    id: NoteId,
    project_id: ProjectId,
    kind: String,
    title: String,
    request: JsonColumn,
    state: String,
    reason: Option<String>,
    latest: i32,
    job_id: Option<JobId>,
    created_by: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What a request says beside its kind, title and documents, as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredRequest {
    aspects: Vec<String>,
    wish: Option<String>,
    model: Option<String>,
}

fn note(row: NoteRow, documents: Vec<DocumentId>) -> Result<Note, DbError> {
    let NoteRow {
        id,
        project_id,
        kind,
        title,
        request,
        state,
        reason,
        latest,
        job_id,
        created_by,
        created_at,
        updated_at,
    } = row;
    let corrupt = |what: String| DbError::Corrupt {
        what: format!("note {id}: {what}"),
    };
    let StoredRequest {
        aspects,
        wish,
        model,
    } = serde_json::from_value(request.0).map_err(|error| corrupt(error.to_string()))?;
    let kind = kind
        .parse()
        .map_err(|word| corrupt(format!("the kind {word}")))?;
    let state = state
        .parse()
        .map_err(|word| corrupt(format!("the state {word}")))?;
    Ok(Note {
        id,
        project: project_id,
        request: NewNote {
            kind,
            title,
            documents,
            aspects,
            wish,
            model,
        },
        state,
        reason,
        latest,
        job: job_id,
        created_by,
        created_at,
        updated_at,
    })
}

fn with_documents(conn: &mut Conn, rows: Vec<NoteRow>) -> Result<Vec<Note>, DbError> {
    let ids: Vec<NoteId> = rows.iter().map(|row| row.id).collect();
    let query = s::table
        .filter(s::note_id.eq_any(ids))
        .order((s::note_id, s::position))
        .select((s::note_id, s::document_id));
    let sources: Vec<(NoteId, DocumentId)> = each_backend!(conn, |c| query.load(c))?;
    let mut documents: HashMap<NoteId, Vec<DocumentId>> = HashMap::new();
    for (id, document) in sources {
        documents.entry(id).or_default().push(document);
    }
    let notes = rows.into_iter().map(|row| {
        let documents = documents.remove(&row.id).unwrap_or_default();
        note(row, documents)
    });
    notes.collect()
}

pub fn insert_note(conn: &mut Conn, note: &Note) -> Result<(), DbError> {
    let NewNote {
        kind,
        title,
        documents,
        aspects,
        wish,
        model,
    } = note.request.clone();
    let request = StoredRequest {
        aspects,
        wish,
        model,
    };
    let request = serde_json::to_value(request).map_err(|error| DbError::Corrupt {
        what: format!("the request of a note to store: {error}"),
    })?;
    let row = NoteRow {
        id: note.id,
        project_id: note.project,
        kind: kind.name().to_owned(),
        title,
        request: JsonColumn(request),
        state: note.state.name().to_owned(),
        reason: note.reason.clone(),
        latest: note.latest,
        job_id: note.job,
        created_by: note.created_by.clone(),
        created_at: note.created_at,
        updated_at: note.updated_at,
    };
    each_backend!(conn, |c| insert_into(n::table).values(row).execute(c))?;
    let sources = (0_i32..).zip(documents).map(|(position, document)| {
        (
            s::note_id.eq(note.id),
            s::document_id.eq(document),
            s::position.eq(position),
        )
    });
    let sources: Vec<_> = sources.collect();
    each_backend!(conn, |c| insert_into(s::table).values(sources).execute(c))?;
    Ok(())
}

pub fn find_note(conn: &mut Conn, project: ProjectId, id: NoteId) -> Result<Option<Note>, DbError> {
    let query = n::table
        .filter(n::id.eq(id))
        .filter(n::project_id.eq(project));
    let row: Option<NoteRow> = each_backend!(conn, |c| query
        .select(NoteRow::as_select())
        .first(c)
        .optional())?;
    Ok(with_documents(conn, row.into_iter().collect())?.pop())
}

/// Finds a note that is about to change, and holds it until the transaction ends.
pub fn open_note(
    conn: &mut Conn,
    project: ProjectId,
    id: NoteId,
    now: Timestamp,
) -> Result<Option<Note>, DbError> {
    let note = n::table
        .filter(n::id.eq(id))
        .filter(n::project_id.eq(project));
    let row: Option<NoteRow> = each_backend!(conn, |c| diesel::update(note)
        .set(n::updated_at.eq(now))
        .returning(NoteRow::as_returning())
        .get_result(c)
        .optional())?;
    Ok(with_documents(conn, row.into_iter().collect())?.pop())
}

/// Writes what may change of a note.
pub fn save_note(conn: &mut Conn, note: &Note) -> Result<(), DbError> {
    let changed = (
        n::title.eq(&note.request.title),
        n::state.eq(note.state.name()),
        n::reason.eq(note.reason.as_deref()),
        n::latest.eq(note.latest),
        n::job_id.eq(note.job),
    );
    each_backend!(conn, |c| diesel::update(n::table.find(note.id))
        .set(changed)
        .execute(c))?;
    Ok(())
}

/// Where a page of notes begins: after this one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotePosition(pub Timestamp, pub NoteId);

/// Notes, the one that last changed first; those on one document, where it is named.
pub fn notes(
    conn: &mut Conn,
    project: ProjectId,
    document: Option<DocumentId>,
    after: Option<&NotePosition>,
    limit: i64,
) -> Result<Vec<Note>, DbError> {
    let rows: Vec<NoteRow> = each_backend!(conn, |c| {
        let mut query = n::table.filter(n::project_id.eq(project)).into_boxed();
        if let Some(document) = document {
            let about = s::table
                .filter(s::note_id.eq(n::id))
                .filter(s::document_id.eq(document));
            query = query.filter(exists(about));
        }
        if let Some(&NotePosition(time, id)) = after {
            let before = n::updated_at
                .lt(time)
                .or(n::updated_at.eq(time).and(n::id.lt(id)));
            query = query.filter(before);
        }
        query
            .order((n::updated_at.desc(), n::id.desc()))
            .limit(limit)
            .select(NoteRow::as_select())
            .load(c)
    })?;
    with_documents(conn, rows)
}

/// Notes that are being written, and that nobody touched since `before`.
pub fn in_writing(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<Vec<Note>, DbError> {
    let query = n::table
        .filter(n::state.eq(NoteState::Writing.name()))
        .filter(n::updated_at.lt(before))
        .order(n::updated_at)
        .limit(limit);
    let rows: Vec<NoteRow> = each_backend!(conn, |c| query.select(NoteRow::as_select()).load(c))?;
    with_documents(conn, rows)
}

/// Deletes a note with its versions. `false` when there is none.
pub fn delete_note(conn: &mut Conn, project: ProjectId, id: NoteId) -> Result<bool, DbError> {
    let note = n::table
        .filter(n::id.eq(id))
        .filter(n::project_id.eq(project));
    let deleted = each_backend!(conn, |c| diesel::delete(note).execute(c))?;
    Ok(deleted > 0)
}

/// Deletes every note on a document, also those that are on others too: they quote it.
pub fn forget(conn: &mut Conn, document: DocumentId) -> Result<(), DbError> {
    let about = s::table
        .filter(s::document_id.eq(document))
        .select(s::note_id);
    let notes: Vec<NoteId> = each_backend!(conn, |c| about.load(c))?;
    let rows = n::table.filter(n::id.eq_any(notes));
    each_backend!(conn, |c| diesel::delete(rows).execute(c))?;
    Ok(())
}
