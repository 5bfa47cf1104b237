//! Versions of notes.

use diesel::{insert_into, prelude::*};

use crate::{
    document::notes::{
        model::{NoteId, NoteVersion, Origin},
        schema::document_note_version as v,
    },
    kernel::Timestamp,
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = v)]
struct VersionRow {
    note_id: NoteId,
    number: i32,
    origin: String,
    content: JsonColumn,
    author: String,
    created_at: Timestamp,
}

impl TryFrom<VersionRow> for NoteVersion {
    type Error = DbError;

    fn try_from(row: VersionRow) -> Result<Self, DbError> {
        let VersionRow {
            note_id,
            number,
            origin,
            content,
            author,
            created_at,
        } = row;
        let corrupt = |what: String| DbError::Corrupt {
            what: format!("version {number} of note {note_id}: {what}"),
        };
        Ok(Self {
            note: note_id,
            number,
            origin: Origin::parse(&origin).map_err(|word| corrupt(format!("the origin {word}")))?,
            content: serde_json::from_value(content.0)
                .map_err(|error| corrupt(error.to_string()))?,
            author,
            created_at,
        })
    }
}

pub fn insert_version(conn: &mut Conn, version: &NoteVersion) -> Result<(), DbError> {
    let content = serde_json::to_value(&version.content).map_err(|error| DbError::Corrupt {
        what: format!("a note to store: {error}"),
    })?;
    let row = VersionRow {
        note_id: version.note,
        number: version.number,
        origin: version.origin.name().to_owned(),
        content: JsonColumn(content),
        author: version.author.clone(),
        created_at: version.created_at,
    };
    each_backend!(conn, |c| insert_into(v::table).values(row).execute(c))?;
    Ok(())
}

pub fn find_version(
    conn: &mut Conn,
    note: NoteId,
    number: i32,
) -> Result<Option<NoteVersion>, DbError> {
    let query = v::table.find((note, number));
    let row: Option<VersionRow> = each_backend!(conn, |c| query
        .select(VersionRow::as_select())
        .first(c)
        .optional())?;
    row.map(NoteVersion::try_from).transpose()
}

/// A note's versions below the number `before`, from the highest down.
pub fn versions(
    conn: &mut Conn,
    note: NoteId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<NoteVersion>, DbError> {
    let query = v::table
        .filter(v::note_id.eq(note))
        .filter(v::number.lt(before.unwrap_or(i32::MAX)))
        .order(v::number.desc())
        .limit(limit);
    let rows: Vec<VersionRow> =
        each_backend!(conn, |c| query.select(VersionRow::as_select()).load(c))?;
    rows.into_iter().map(NoteVersion::try_from).collect()
}
