//! Parts of notes that are being written.

use diesel::{insert_into, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    document::{
        notes::{model::NoteId, schema::document_note_part as p},
        proving::Sentence,
    },
    platform::{
        db::{Conn, DbError, JsonColumn, each_backend},
        jobs::JobId,
    },
};

/// What a model wrote of one part of the documents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub sentences: Vec<Sentence>,
    pub removed: usize,
    pub model: Option<String>,
}

pub fn insert_part(
    conn: &mut Conn,
    (note, job): (NoteId, JobId),
    position: i32,
    part: &Part,
) -> Result<(), DbError> {
    let part = serde_json::to_value(part).map_err(|error| DbError::Corrupt {
        what: format!("a part of a note to store: {error}"),
    })?;
    let row = (
        p::note_id.eq(note),
        p::job_id.eq(job),
        p::position.eq(position),
        p::part.eq(JsonColumn(part)),
    );
    each_backend!(conn, |c| insert_into(p::table).values(row).execute(c))?;
    Ok(())
}

/// The parts that a job has written, in order.
pub fn parts(conn: &mut Conn, (note, job): (NoteId, JobId)) -> Result<Vec<Part>, DbError> {
    let query = p::table
        .filter(p::note_id.eq(note))
        .filter(p::job_id.eq(job))
        .order(p::position)
        .select(p::part);
    let parts: Vec<JsonColumn> = each_backend!(conn, |c| query.load(c))?;
    let part = |column: JsonColumn| {
        serde_json::from_value(column.0).map_err(|error| DbError::Corrupt {
            what: format!("a part of note {note}: {error}"),
        })
    };
    parts.into_iter().map(part).collect()
}

pub fn delete_parts(conn: &mut Conn, note: NoteId) -> Result<(), DbError> {
    let parts = p::table.filter(p::note_id.eq(note));
    each_backend!(conn, |c| diesel::delete(parts).execute(c))?;
    Ok(())
}
