//! Vectors as they are written, read into memory, and, on PostgreSQL, searched.

use std::collections::HashSet;

use diesel::{
    insert_into,
    prelude::*,
    sql_query,
    sql_types::{Array, Double, Integer, Text},
};
use half::f16;

use super::{
    filter::{VISIBLE, conditions},
    spaces::SpaceRow,
};
use crate::{
    document::{
        model::DocumentId,
        search::{
            model::{EntryId, IndexNumber, SearchFilter, SpaceNumber},
            schema::{document_chunk as k, document_space as s, document_vector as v},
            vectors::{from_bytes, to_bytes},
        },
    },
    platform::db::{Backend, Conn, DbError, Sql, each_backend},
};

/// Vectors that SQLite reads with one query.
const AT_ONCE: usize = 1_000;

/// A chunk that a model is to read.
#[derive(Clone, Debug)]
pub struct Unread {
    pub number: i32,
    pub text: String,
}

/// Chunks with numbers above `after` that a space has no vector of, at most `limit`.
pub fn unread(
    conn: &mut Conn,
    space: (IndexNumber, SpaceNumber),
    after: i32,
    limit: i64,
) -> Result<Vec<Unread>, DbError> {
    unread_among(conn, space, after, None, limit)
}

/// Chunks of one entry that a space has no vector of, at most `limit`.
pub fn unread_of_entry(
    conn: &mut Conn,
    space: (IndexNumber, SpaceNumber),
    entry: (DocumentId, EntryId),
    limit: i64,
) -> Result<Vec<Unread>, DbError> {
    unread_among(conn, space, -1, Some(entry), limit)
}

fn unread_among(
    conn: &mut Conn,
    (index, space): (IndexNumber, SpaceNumber),
    after: i32,
    entry: Option<(DocumentId, EntryId)>,
    limit: i64,
) -> Result<Vec<Unread>, DbError> {
    type Columns = (i32, Option<String>, String);
    let there = v::table
        .filter(v::space_number.eq(space.get()))
        .filter(v::chunk_number.eq(k::number));
    let rows: Vec<Columns> = each_backend!(conn, |c| {
        let mut chunks = k::table
            .filter(k::index_number.eq(index.get()))
            .filter(k::number.gt(after))
            .filter(k::tokens.gt(0))
            .filter(diesel::dsl::not(diesel::dsl::exists(there)))
            .into_boxed();
        if let Some((document, entry)) = entry {
            let of_entry = k::document_id.eq(document).and(k::entry_id.eq(entry));
            chunks = chunks.filter(of_entry);
        }
        chunks
            .order(k::number)
            .limit(limit)
            .select((k::number, k::prefix, k::text))
            .load(c)
    })?;
    let unread = |(number, prefix, text): Columns| Unread {
        number,
        text: match prefix {
            Some(prefix) => format!("{prefix}\n{text}"),
            None => text,
        },
    };
    Ok(rows.into_iter().map(unread).collect())
}

/// Writes the vectors of chunks that are still there.
pub fn insert_vectors(
    conn: &mut Conn,
    (index, space): (IndexNumber, SpaceNumber),
    vectors: Vec<(i32, Vec<f16>)>,
) -> Result<(), DbError> {
    let wanted: Vec<i32> = vectors.iter().map(|(number, _)| *number).collect();
    let there: Vec<i32> = each_backend!(conn, |c| {
        k::table
            .filter(k::index_number.eq(index.get()))
            .filter(k::number.eq_any(wanted))
            .select(k::number)
            .load(c)
    })?;
    let there: HashSet<i32> = there.into_iter().collect();
    let vectors: Vec<_> = vectors
        .into_iter()
        .filter(|(number, _)| there.contains(number))
        .collect();
    match conn.backend() {
        Backend::Sqlite(c) => {
            for (number, vector) in vectors {
                insert_into(v::table)
                    .values((
                        v::space_number.eq(space.get()),
                        v::chunk_number.eq(number),
                        v::embedding.eq(to_bytes(&vector)),
                    ))
                    .on_conflict_do_nothing()
                    .execute(c)?;
            }
        }
        Backend::Pg(c) => {
            let (numbers, vectors): (Vec<i32>, Vec<Vec<f16>>) = vectors.into_iter().unzip();
            let texts: Vec<String> = vectors.iter().map(|vector| written(vector)).collect();
            sql_query(
                "INSERT INTO document_vector (space_number, chunk_number, embedding) \
                 SELECT $1, n.chunk, n.vector::halfvec FROM unnest($2, $3) AS n (chunk, vector) \
                 ON CONFLICT DO NOTHING",
            )
            .bind::<Integer, _>(space.get())
            .bind::<Array<Integer>, _>(numbers)
            .bind::<Array<Text>, _>(texts)
            .execute(c)?;
        }
    }
    changed(conn, space)
}

fn changed(conn: &mut Conn, space: SpaceNumber) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::update(s::table.find(space.get()))
            .set(s::changes.eq(s::changes + 1))
            .execute(c)
    })?;
    Ok(())
}

/// The vectors of chunks go with them.
pub fn delete_vectors(conn: &mut Conn, spaces: &[SpaceRow], chunks: &[i32]) -> Result<(), DbError> {
    for space in spaces {
        let gone = v::table
            .filter(v::space_number.eq(space.number.get()))
            .filter(v::chunk_number.eq_any(chunks));
        each_backend!(conn, |c| diesel::delete(gone).execute(c))?;
        changed(conn, space.number)?;
    }
    Ok(())
}

/// Which chunks a space has vectors of.
pub fn vector_numbers(conn: &mut Conn, space: SpaceNumber) -> Result<HashSet<u32>, DbError> {
    let rows: Vec<i32> = each_backend!(conn, |c| {
        v::table
            .filter(v::space_number.eq(space.get()))
            .select(v::chunk_number)
            .load(c)
    })?;
    Ok(rows.into_iter().map(i32::unsigned_abs).collect())
}

/// The vectors of these chunks; PostgreSQL compares its own.
pub fn vectors(
    conn: &mut Conn,
    space: SpaceNumber,
    chunks: &[u32],
) -> Result<Vec<(u32, Vec<f32>)>, DbError> {
    let mut found = Vec::with_capacity(chunks.len());
    for some in chunks.chunks(AT_ONCE) {
        let numbers: Vec<i32> = some.iter().filter_map(|n| i32::try_from(*n).ok()).collect();
        match conn.backend() {
            Backend::Sqlite(c) => {
                let rows: Vec<(i32, Vec<u8>)> = v::table
                    .filter(v::space_number.eq(space.get()))
                    .filter(v::chunk_number.eq_any(numbers))
                    .select((v::chunk_number, v::embedding))
                    .load(c)?;
                let vector =
                    |(number, bytes): (i32, Vec<u8>)| (number.unsigned_abs(), from_bytes(&bytes));
                found.extend(rows.into_iter().map(vector));
            }
            Backend::Pg(c) => {
                let rows: Vec<WrittenVector> = sql_query(
                    "SELECT chunk_number, embedding::text AS vector FROM document_vector \
                     WHERE space_number = $1 AND chunk_number = ANY($2)",
                )
                .bind::<Integer, _>(space.get())
                .bind::<Array<Integer>, _>(numbers)
                .load(c)?;
                for row in rows {
                    found.push((row.chunk_number.unsigned_abs(), parsed(&row.vector)?));
                }
            }
        }
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct WrittenVector {
    #[diesel(sql_type = Integer)]
    chunk_number: i32,
    #[diesel(sql_type = Text)]
    vector: String,
}

/// As pgvector reads it.
fn written(vector: &[f16]) -> String {
    let numbers: Vec<String> = vector.iter().map(f16::to_string).collect();
    format!("[{}]", numbers.join(","))
}

fn parsed(text: &str) -> Result<Vec<f32>, DbError> {
    let numbers = text.trim_matches(['[', ']']).split(',').map(str::parse);
    numbers
        .collect::<Result<_, _>>()
        .map_err(|_| DbError::Corrupt {
            what: format!("the vector {text}"),
        })
}

/// How PostgreSQL looks for what is near.
#[derive(Clone, Copy, Debug)]
pub enum Search {
    /// Compares every vector.
    Exact,
    /// Walks through the graph, keeping this many in view.
    Graph { ef_search: i64 },
}

/// The nearest of all vectors of a space, by PostgreSQL, nearest first, and their similarity.
pub fn nearest_of_all(
    conn: &mut Conn,
    space: &SpaceRow,
    query: &[f16],
    (limit, search): (usize, Search),
) -> Result<Vec<(u32, f32)>, DbError> {
    let distance = distance(conn, space, query, search)?;
    let sql = Sql::new("SELECT x.chunk_number, -(").then(distance.clone());
    let sql = sql.text(format!(
        ") FROM document_vector x WHERE x.space_number = {} ORDER BY ",
        space.number
    ));
    ranked(conn, sql.then(distance), limit)
}

/// The nearest that can be found and that the filter lets through, by PostgreSQL, nearest first, and their similarity.
pub fn nearest(
    conn: &mut Conn,
    space: &SpaceRow,
    query: &[f16],
    filter: &SearchFilter,
    (limit, search): (usize, Search),
) -> Result<Vec<(u32, f32)>, DbError> {
    let (number, distance) = (space.number, distance(conn, space, query, search)?);
    let sql = Sql::new("SELECT c.number, -(").then(distance.clone());
    let sql = sql.text(format!(
        "){VISIBLE} JOIN document_vector x ON x.chunk_number = c.number WHERE x.space_number = {number} \
         AND c.index_number = (SELECT index_number FROM document_space WHERE number = {number})"
    ));
    let sql = sql.then(conditions(filter)).text(" ORDER BY ");
    ranked(conn, sql.then(distance), limit)
}

/// How far a vector `x` is from the query, in the words that the graph is asked by, or not.
fn distance(
    conn: &mut Conn,
    space: &SpaceRow,
    query: &[f16],
    search: Search,
) -> Result<Sql, DbError> {
    let size = space.dimension;
    let column = match search {
        Search::Exact => "x.embedding".to_owned(),
        Search::Graph { ef_search } => {
            set(conn, "hnsw.ef_search", &ef_search.to_string())?;
            // It goes on until enough are found, also where a filter lets little through.
            set(conn, "hnsw.iterative_scan", "strict_order")?;
            format!("(x.embedding::halfvec({size}))")
        }
    };
    let sql = Sql::new(format!("{column} <#> ")).bind(written(query));
    Ok(sql.text(format!("::halfvec({size})")))
}

fn ranked(conn: &mut Conn, sql: Sql, limit: usize) -> Result<Vec<(u32, f32)>, DbError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let query = sql.text(" LIMIT ").bind(limit);
    let query = query.rows_of::<(Integer, Double)>();
    let rows: Vec<(i32, f64)> = each_backend!(conn, |c| query.load(c))?;
    #[expect(clippy::cast_possible_truncation, reason = "similarities are f32")]
    let near = |(chunk, similarity): (i32, f64)| (chunk.unsigned_abs(), similarity as f32);
    Ok(rows.into_iter().map(near).collect())
}

/// Until the transaction ends.
fn set(conn: &mut Conn, name: &str, value: &str) -> Result<(), DbError> {
    let query = sql_query("SELECT set_config($1, $2, true)")
        .bind::<Text, _>(name)
        .bind::<Text, _>(value);
    if let Backend::Pg(c) = conn.backend() {
        query.execute(c)?;
    }
    Ok(())
}
