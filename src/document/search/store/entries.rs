//! Which putting of a document into an index is the one that is found.

use diesel::{insert_into, prelude::*, upsert::excluded};

use super::chunks::{Owner, count_of_entry};
use crate::{
    document::{
        model::{DocumentId, Title, VersionId},
        schema::document_document as d,
        search::{
            model::{EntryId, IndexNumber},
            schema::{
                document_chunk as c, document_index as i, document_indexed, document_indexed as e,
            },
        },
    },
    kernel::ProjectId,
    platform::db::{Conn, DbError, each_backend},
};

/// What is known of an entry once all of it is written.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    pub chunks: i64,
    /// Chunks that are still to get what a model writes about them.
    pub contexts_missing: i32,
}

pub fn visible_entry(
    conn: &mut Conn,
    index: IndexNumber,
    document: DocumentId,
) -> Result<Option<EntryId>, DbError> {
    Ok(each_backend!(conn, |o| {
        e::table
            .find((index.get(), document))
            .select(e::entry_id)
            .first(o)
            .optional()
    })?)
}

/// Makes an entry the one that is found. `false` when not all of its chunks are there: something removed them.
pub fn complete(
    conn: &mut Conn,
    index: IndexNumber,
    (owner, title): (Owner, &Title),
    counted: Counted,
) -> Result<bool, DbError> {
    if count_of_entry(conn, index, owner.document, owner.entry)? != counted.chunks {
        return Ok(false);
    }
    each_backend!(conn, |o| {
        insert_into(e::table)
            .values((
                e::index_number.eq(index.get()),
                e::document_id.eq(owner.document),
                e::entry_id.eq(owner.entry),
                e::version_id.eq(owner.version),
                e::title.eq(title.as_str()),
                e::contexts_missing.eq(counted.contexts_missing),
            ))
            .on_conflict((e::index_number, e::document_id))
            .do_update()
            .set((
                e::entry_id.eq(excluded(e::entry_id)),
                e::version_id.eq(excluded(e::version_id)),
                e::title.eq(excluded(e::title)),
                e::contexts_missing.eq(excluded(e::contexts_missing)),
            ))
            .execute(o)
    })?;
    Ok(true)
}

/// By which version of it a document is found, in each of these indexes that have it.
pub fn found_versions(
    conn: &mut Conn,
    indexes: &[IndexNumber],
    document: DocumentId,
) -> Result<Vec<VersionId>, DbError> {
    let numbers: Vec<i32> = indexes.iter().map(|index| index.get()).collect();
    let entries = e::table
        .filter(e::index_number.eq_any(numbers))
        .filter(e::document_id.eq(document))
        .select(e::version_id);
    Ok(each_backend!(conn, |o| entries.load(o))?)
}

/// Nothing of the document is found any more, in any of its project's indexes.
pub fn hide(conn: &mut Conn, project: ProjectId, document: DocumentId) -> Result<(), DbError> {
    let indexes = i::table.filter(i::project_id.eq(project)).select(i::number);
    let indexes: Vec<i32> = each_backend!(conn, |o| indexes.load(o))?;
    let entries = e::table
        .filter(e::index_number.eq_any(indexes))
        .filter(e::document_id.eq(document));
    each_backend!(conn, |o| diesel::delete(entries).execute(o))?;
    Ok(())
}

/// Some documents that an index has chunks of and that are no more, at most `limit`.
pub fn abandoned(
    conn: &mut Conn,
    index: IndexNumber,
    limit: i64,
) -> Result<Vec<DocumentId>, DbError> {
    let there = d::table.select(d::id);
    Ok(each_backend!(conn, |o| {
        c::table
            .filter(c::index_number.eq(index.get()))
            .filter(c::document_id.ne_all(there))
            .select(c::document_id)
            .distinct()
            .limit(limit)
            .load(o)
    })?)
}

/// Some documents that can be found in one generation and not in another, and their versions.
pub fn missing(
    conn: &mut Conn,
    from: IndexNumber,
    to: IndexNumber,
    limit: i64,
) -> Result<Vec<(DocumentId, VersionId)>, DbError> {
    let there = diesel::alias!(document_indexed as there);
    let in_both = there
        .filter(there.field(e::index_number).eq(to.get()))
        .filter(there.field(e::document_id).eq(e::document_id))
        .filter(there.field(e::version_id).eq(e::version_id));
    Ok(each_backend!(conn, |o| {
        e::table
            .filter(e::index_number.eq(from.get()))
            .filter(diesel::dsl::not(diesel::dsl::exists(in_both)))
            .order(e::document_id)
            .limit(limit)
            .select((e::document_id, e::version_id))
            .load(o)
    })?)
}

/// Some documents that an index knows by another title than they have now, at most `limit`.
pub fn retitled(
    conn: &mut Conn,
    index: IndexNumber,
    limit: i64,
) -> Result<Vec<DocumentId>, DbError> {
    Ok(each_backend!(conn, |o| {
        e::table
            .inner_join(d::table.on(d::id.eq(e::document_id)))
            .filter(e::index_number.eq(index.get()))
            .filter(e::title.ne(d::title))
            .order(e::document_id)
            .limit(limit)
            .select(e::document_id)
            .load(o)
    })?)
}

/// The entry by which a document is found.
#[derive(Clone, Debug)]
pub struct Standing {
    pub entry: EntryId,
    pub version: VersionId,
    /// As its chunks say it.
    pub title: String,
    /// How many of its chunks are still to get what a model writes about them.
    pub contexts_missing: i32,
}

pub fn standing_entry(
    conn: &mut Conn,
    index: IndexNumber,
    document: DocumentId,
) -> Result<Option<Standing>, DbError> {
    type Columns = (EntryId, VersionId, String, i32);
    let row: Option<Columns> = each_backend!(conn, |o| {
        e::table
            .find((index.get(), document))
            .select((e::entry_id, e::version_id, e::title, e::contexts_missing))
            .first(o)
            .optional()
    })?;
    let standing = |(entry, version, title, contexts_missing): Columns| Standing {
        entry,
        version,
        title,
        contexts_missing,
    };
    Ok(row.map(standing))
}
