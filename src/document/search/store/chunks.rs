//! Chunks as they are written and removed.

use diesel::{insert_into, prelude::*};
use serde_json::json;
use uuid::Uuid;

use crate::{
    document::{
        chunking::{Chunk, ChunkKind},
        model::{DocumentId, VersionId},
        search::{
            model::{EntryId, IndexNumber},
            schema::document_chunk as c,
        },
    },
    kernel::Id,
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

/// Marker of a chunk's id, which is unique within an index.
pub enum ChunkMarker {}

/// A chunk to be written.
pub struct NewChunk<'a> {
    pub chunk: &'a Chunk,
    /// Terms in it; 0 when it is only read, by way of its parts.
    pub tokens: u16,
}

/// Whose chunks they are.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    pub document: DocumentId,
    pub version: VersionId,
    pub entry: EntryId,
}

pub fn kind_name(kind: ChunkKind) -> &'static str {
    match kind {
        ChunkKind::Text => "text",
        ChunkKind::Table => "table",
        ChunkKind::Code => "code",
        ChunkKind::Reference => "reference",
    }
}

/// Writes chunks under the numbers from `first` on.
pub fn insert_chunks(
    conn: &mut Conn,
    (index, first): (IndexNumber, i32),
    owner: Owner,
    chunks: &[NewChunk<'_>],
) -> Result<(), DbError> {
    let small = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let row = |(number, new): (i32, &NewChunk<'_>)| {
        let chunk = new.chunk;
        let parent = chunk.parent.map(Id::<ChunkMarker>::from_uuid);
        (
            (
                c::index_number.eq(index.get()),
                c::number.eq(number),
                c::id.eq(Id::<ChunkMarker>::from_uuid(chunk.id)),
                c::parent_id.eq(parent),
            ),
            (
                c::document_id.eq(owner.document),
                c::version_id.eq(owner.version),
                c::entry_id.eq(owner.entry),
                c::ordinal.eq(small(chunk.ordinal)),
            ),
            (
                c::section.eq(JsonColumn(json!(chunk.section))),
                c::starts_at.eq(small(chunk.start)),
                c::ends_at.eq(small(chunk.end)),
                c::first_page.eq(small(chunk.first_page)),
                c::last_page.eq(small(chunk.last_page)),
            ),
            (
                c::kind.eq(kind_name(chunk.kind)),
                c::prefix.eq(chunk.prefix.clone()),
                c::text.eq(chunk.text.clone()),
                c::tokens.eq(i32::from(new.tokens)),
            ),
        )
    };
    let rows: Vec<_> = (first..).zip(chunks).map(row).collect();
    each_backend!(conn, |d| insert_into(c::table).values(rows).execute(d))?;
    Ok(())
}

/// A chunk that is to be removed.
#[derive(Clone, Debug)]
pub struct Removable {
    pub number: i32,
    pub prefix: Option<String>,
    pub text: String,
    pub tokens: i32,
}

/// Some chunks of a document that are in no entry of `kept`, at most `limit`.
pub fn removable(
    conn: &mut Conn,
    index: IndexNumber,
    document: DocumentId,
    kept: &[EntryId],
    limit: i64,
) -> Result<Vec<Removable>, DbError> {
    type Columns = (i32, Option<String>, String, i32);
    let rows: Vec<Columns> = each_backend!(conn, |d| {
        c::table
            .filter(c::index_number.eq(index.get()))
            .filter(c::document_id.eq(document))
            .filter(c::entry_id.ne_all(kept))
            .order(c::number)
            .limit(limit)
            .select((c::number, c::prefix, c::text, c::tokens))
            .load(d)
    })?;
    let removable = |(number, prefix, text, tokens): Columns| Removable {
        number,
        prefix,
        text,
        tokens,
    };
    Ok(rows.into_iter().map(removable).collect())
}

/// Deletes chunks; returns the numbers of those that were there.
pub fn delete_chunks(
    conn: &mut Conn,
    index: IndexNumber,
    numbers: &[i32],
) -> Result<Vec<i32>, DbError> {
    Ok(each_backend!(conn, |d| {
        diesel::delete(c::table)
            .filter(c::index_number.eq(index.get()))
            .filter(c::number.eq_any(numbers))
            .returning(c::number)
            .get_results(d)
    })?)
}

/// How many chunks an entry has, and the ids among them that are given more than once would be one.
pub fn count_of_entry(
    conn: &mut Conn,
    index: IndexNumber,
    document: DocumentId,
    entry: EntryId,
) -> Result<i64, DbError> {
    Ok(each_backend!(conn, |d| {
        c::table
            .filter(c::index_number.eq(index.get()))
            .filter(c::document_id.eq(document))
            .filter(c::entry_id.eq(entry))
            .count()
            .get_result(d)
    })?)
}

/// The id of a chunk in the form that its column has.
pub fn chunk_id(id: Uuid) -> Id<ChunkMarker> {
    Id::from_uuid(id)
}
