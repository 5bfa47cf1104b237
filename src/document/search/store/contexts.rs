//! What a model wrote about chunks.

use std::collections::HashMap;

use diesel::{insert_into, prelude::*};
use uuid::Uuid;

use super::chunks::{ChunkMarker, chunk_id};
use crate::{
    document::{
        model::{DocumentId, VersionId},
        search::{
            contexts::Untold,
            model::{EntryId, IndexNumber},
            schema::{document_chunk as k, document_context as t, document_indexed as e},
        },
    },
    kernel::{Id, ProjectId},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

/// Whose chunks something was written about.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub project: ProjectId,
    pub document: DocumentId,
    pub version: VersionId,
}

/// What was written about a document's chunks in one way; `None` of those about which there was nothing to say.
pub fn contexts(
    conn: &mut Conn,
    document: DocumentId,
    way: &str,
) -> Result<HashMap<Uuid, Option<String>>, DbError> {
    let rows: Vec<(Id<ChunkMarker>, Option<String>)> = each_backend!(conn, |c| {
        t::table
            .filter(t::document_id.eq(document))
            .filter(t::way.eq(way))
            .select((t::chunk_id, t::text))
            .load(c)
    })?;
    let context = |(id, text): (Id<ChunkMarker>, Option<String>)| (id.as_uuid(), text);
    Ok(rows.into_iter().map(context).collect())
}

/// Keeps what was written. What there is of a chunk already stays.
pub fn insert_contexts(
    conn: &mut Conn,
    told: Told,
    way: &str,
    contexts: &[(Uuid, Option<String>)],
) -> Result<(), DbError> {
    let rows: Vec<_> = contexts
        .iter()
        .map(|(id, text)| {
            (
                t::project_id.eq(told.project),
                t::document_id.eq(told.document),
                t::version_id.eq(told.version),
                t::way.eq(way),
                t::chunk_id.eq(chunk_id(*id)),
                t::text.eq(text.clone()),
            )
        })
        .collect();
    // SQLite takes no conflict clause with several rows at once.
    each_backend!(conn, |c| {
        for row in rows {
            insert_into(t::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c)?;
        }
        Ok::<_, diesel::result::Error>(())
    })?;
    Ok(())
}

/// Removes what was written about a document; with `but`, about its other versions.
pub fn delete_contexts(
    conn: &mut Conn,
    document: DocumentId,
    but: Option<VersionId>,
) -> Result<(), DbError> {
    let of_document = t::table.filter(t::document_id.eq(document));
    each_backend!(conn, |c| match but {
        Some(version) => diesel::delete(of_document.filter(t::version_id.ne(version))).execute(c),
        None => diesel::delete(of_document).execute(c),
    })?;
    Ok(())
}

/// Removes what was written in ways that no index of the project is made in.
pub fn delete_contexts_of_other_ways(
    conn: &mut Conn,
    project: ProjectId,
    ways: &[String],
) -> Result<(), DbError> {
    let others = t::table
        .filter(t::project_id.eq(project))
        .filter(t::way.ne_all(ways));
    each_backend!(conn, |c| diesel::delete(others).execute(c))?;
    Ok(())
}

/// The chunks by which an entry is found, in the order of the text.
pub fn found_chunks(
    conn: &mut Conn,
    index: IndexNumber,
    document: DocumentId,
    entry: EntryId,
) -> Result<Vec<Untold>, DbError> {
    type Columns = (Id<ChunkMarker>, JsonColumn, i32, i32, String);
    let rows: Vec<Columns> = each_backend!(conn, |c| {
        k::table
            .filter(k::index_number.eq(index.get()))
            .filter(k::document_id.eq(document))
            .filter(k::entry_id.eq(entry))
            .filter(k::tokens.gt(0))
            .order(k::number)
            .select((k::id, k::section, k::first_page, k::last_page, k::text))
            .load(c)
    })?;
    let untold = |(id, section, first, last, text): Columns| {
        let section = serde_json::from_value(section.0);
        Ok(Untold {
            id: id.as_uuid(),
            section: section.map_err(|error| DbError::Corrupt {
                what: format!("document_chunk {id}: {error}"),
            })?,
            pages: (first.unsigned_abs(), last.unsigned_abs()),
            text,
        })
    };
    rows.into_iter().map(untold).collect()
}

/// How many documents of an index have chunks that still wait.
pub fn documents_without_contexts(conn: &mut Conn, index: IndexNumber) -> Result<i64, DbError> {
    Ok(each_backend!(conn, |c| {
        e::table
            .filter(e::index_number.eq(index.get()))
            .filter(e::contexts_missing.gt(0))
            .count()
            .get_result(c)
    })?)
}
