//! What is read of chunks that were found.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{Integer, Nullable, Text},
};
use uuid::Uuid;

use super::{
    chunks::{ChunkMarker, chunk_id, kind_name},
    filter::{VISIBLE, numbers},
};
use crate::{
    document::{
        chunking::ChunkKind,
        model::{DocumentId, VersionId},
        schema::document_tag,
        search::{
            model::{IndexNumber, Place},
            schema::document_chunk as k,
        },
    },
    kernel::Id,
    platform::db::{Conn, DbError, DbJson, DbUuid, JsonColumn, Sql, each_backend},
};

/// A chunk that was found.
#[derive(Clone, Debug)]
pub struct HitRow {
    pub number: u32,
    pub chunk: Uuid,
    pub parent: Option<Uuid>,
    pub document: DocumentId,
    pub version: VersionId,
    pub title: String,
    pub section: Vec<String>,
    pub first_page: i32,
    pub last_page: i32,
    pub kind: ChunkKind,
    pub start: u32,
    pub end: u32,
    pub text: String,
}

type Types = (
    Integer,
    DbUuid,
    Nullable<DbUuid>,
    DbUuid,
    DbUuid,
    Text,
    DbJson,
    Integer,
    Integer,
    Text,
    Integer,
    Integer,
    Text,
);
type Columns = (
    i32,
    Id<ChunkMarker>,
    Option<Id<ChunkMarker>>,
    DocumentId,
    VersionId,
    String,
    JsonColumn,
    i32,
    i32,
    String,
    i32,
    i32,
    String,
);

fn read(columns: Columns) -> Result<HitRow, DbError> {
    let (
        number,
        chunk,
        parent,
        document,
        version,
        title,
        section,
        first_page,
        last_page,
        kind,
        start,
        end,
        text,
    ) = columns;
    let corrupt = |what: String| DbError::Corrupt {
        what: format!("document_chunk {chunk}: {what}"),
    };
    let kinds = [
        ChunkKind::Text,
        ChunkKind::Table,
        ChunkKind::Code,
        ChunkKind::Reference,
    ];
    let known = kinds.into_iter().find(|known| kind_name(*known) == kind);
    Ok(HitRow {
        number: number.unsigned_abs(),
        chunk: chunk.as_uuid(),
        parent: parent.map(|parent| parent.as_uuid()),
        document,
        version,
        title,
        section: serde_json::from_value(section.0).map_err(|error| corrupt(error.to_string()))?,
        first_page,
        last_page,
        kind: known.ok_or_else(|| corrupt(format!("kind {kind}")))?,
        start: start.unsigned_abs(),
        end: end.unsigned_abs(),
        text,
    })
}

/// The chunks with these numbers, in their order; one that can no longer be found is not among them.
pub fn hits(conn: &mut Conn, index: IndexNumber, chunks: &[u32]) -> Result<Vec<HitRow>, DbError> {
    let sql = Sql::new(format!(
        "SELECT c.number, c.id, c.parent_id, c.document_id, c.version_id, d.title, c.section, c.first_page, \
         c.last_page, c.kind, c.starts_at, c.ends_at, c.text{VISIBLE} WHERE c.number IN ({}) AND c.index_number = ",
        numbers(chunks)
    ))
    .bind(i64::from(index.get()));
    let query = sql.rows_of::<Types>();
    let rows: Vec<Columns> = each_backend!(conn, |o| query.load(o))?;
    let rows = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut rows: HashMap<u32, HitRow> = rows.into_iter().map(|row| (row.number, row)).collect();
    Ok(chunks
        .iter()
        .filter_map(|chunk| rows.remove(chunk))
        .collect())
}

/// The chunks with these ids, by id.
pub fn parents(
    conn: &mut Conn,
    index: IndexNumber,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Place>, DbError> {
    type Row = (Id<ChunkMarker>, i32, i32, String);
    let ids: Vec<_> = ids.iter().copied().map(chunk_id).collect();
    let rows: Vec<Row> = each_backend!(conn, |o| {
        k::table
            .filter(k::index_number.eq(index.get()))
            .filter(k::id.eq_any(ids))
            .select((k::id, k::starts_at, k::ends_at, k::text))
            .load(o)
    })?;
    let place = |(id, start, end, text): Row| {
        let place = Place {
            chunk: id.as_uuid(),
            start: start.unsigned_abs(),
            end: end.unsigned_abs(),
            text,
        };
        (id.as_uuid(), place)
    };
    Ok(rows.into_iter().map(place).collect())
}

/// What facets are counted by.
#[derive(Clone, Debug)]
pub struct Card {
    pub document: DocumentId,
    pub chunk: u32,
    pub folder: String,
    pub year: Option<i32>,
    pub language: Option<String>,
    pub kind: String,
    pub tags: Vec<String>,
}

/// The documents of these chunks: one card a chunk, in their order.
pub fn cards(conn: &mut Conn, index: IndexNumber, chunks: &[u32]) -> Result<Vec<Card>, DbError> {
    type Row = (i32, DocumentId, String, Option<i32>, Option<String>, String);
    let sql = Sql::new(format!(
        "SELECT c.number, d.id, d.folder, d.year, d.language, v.kind{VISIBLE} \
         WHERE c.number IN ({}) AND c.index_number = ",
        numbers(chunks)
    ))
    .bind(i64::from(index.get()));
    let query = sql.rows_of::<(
        Integer,
        DbUuid,
        Text,
        Nullable<Integer>,
        Nullable<Text>,
        Text,
    )>();
    let rows: Vec<Row> = each_backend!(conn, |o| query.load(o))?;
    let documents: Vec<DocumentId> = rows.iter().map(|row| row.1).collect();
    let tags: Vec<(DocumentId, String)> = each_backend!(conn, |o| {
        document_tag::table
            .filter(document_tag::document_id.eq_any(documents))
            .select((document_tag::document_id, document_tag::tag))
            .load(o)
    })?;
    let mut tags_of: HashMap<DocumentId, Vec<String>> = HashMap::new();
    for (document, tag) in tags {
        tags_of.entry(document).or_default().push(tag);
    }
    let card = |(number, document, folder, year, language, kind): Row| {
        let card = Card {
            document,
            chunk: number.unsigned_abs(),
            folder,
            year,
            language,
            kind,
            tags: tags_of.get(&document).cloned().unwrap_or_default(),
        };
        (card.chunk, card)
    };
    let mut cards: HashMap<u32, Card> = rows.into_iter().map(card).collect();
    Ok(chunks
        .iter()
        .filter_map(|chunk| cards.remove(chunk))
        .collect())
}
