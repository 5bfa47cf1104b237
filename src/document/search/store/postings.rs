//! Posting lists: appended to, thinned out, and read.

use std::collections::{BTreeMap, HashSet};

use diesel::{
    insert_into,
    prelude::*,
    sql_query,
    sql_types::{Array, Binary, Integer, Text},
    upsert::excluded,
};

use crate::{
    document::search::{
        lexical::{Posting, SEALED_BYTES, TermList, decode, encode},
        model::IndexNumber,
        schema::document_posting as p,
    },
    platform::db::{Backend, Conn, DbError, each_backend},
};

/// The block of the row that takes a term's next postings.
const OPEN: i32 = i32::MAX;
/// Terms of one query: SQLite takes no more than 32,766 values in one.
const TERMS_AT_ONCE: usize = 2_000;

#[derive(Clone, Debug, Queryable, Insertable, Selectable)]
#[diesel(table_name = p)]
struct Row {
    index_number: i32,
    term: String,
    block: i32,
    first_chunk: i32,
    last_chunk: i32,
    postings: Vec<u8>,
}

/// Adds postings, sorted by term, of chunks with higher numbers than any before. The index is locked.
pub fn append_postings(
    conn: &mut Conn,
    index: IndexNumber,
    postings: &BTreeMap<String, Vec<Posting>>,
) -> Result<(), DbError> {
    let terms: Vec<&str> = postings.keys().map(String::as_str).collect();
    for terms in terms.chunks(TERMS_AT_ONCE) {
        let open: Vec<Row> = each_backend!(conn, |c| {
            p::table
                .filter(p::index_number.eq(index.get()))
                .filter(p::block.eq(OPEN))
                .filter(p::term.eq_any(terms))
                .select(Row::as_select())
                .load(c)
        })?;
        let mut open: BTreeMap<String, Row> = open
            .into_iter()
            .map(|row| (row.term.clone(), row))
            .collect();
        let (mut written, mut sealed) = (Vec::new(), Vec::new());
        for term in terms {
            let Some(new) = postings.get(*term) else {
                continue;
            };
            let chunk = |posting: Option<&Posting>| {
                posting.map_or(0, |posting| i32::try_from(posting.chunk).unwrap_or(OPEN))
            };
            let mut row = open.remove(*term).unwrap_or_else(|| Row {
                index_number: index.get(),
                term: (*term).to_owned(),
                block: OPEN,
                first_chunk: chunk(new.first()),
                last_chunk: 0,
                postings: Vec::new(),
            });
            row.last_chunk = chunk(new.last());
            row.postings.extend(encode(new.iter().copied()));
            if row.postings.len() >= SEALED_BYTES {
                row.block = row.first_chunk;
                sealed.push(row.term.clone());
            }
            written.push(row);
        }
        delete_open(conn, index, &sealed)?;
        upsert(conn, index, written)?;
    }
    Ok(())
}

fn delete_open(conn: &mut Conn, index: IndexNumber, terms: &[String]) -> Result<(), DbError> {
    if terms.is_empty() {
        return Ok(());
    }
    let rows = p::table
        .filter(p::index_number.eq(index.get()))
        .filter(p::block.eq(OPEN))
        .filter(p::term.eq_any(terms));
    each_backend!(conn, |c| diesel::delete(rows).execute(c))?;
    Ok(())
}

fn upsert(conn: &mut Conn, index: IndexNumber, rows: Vec<Row>) -> Result<(), DbError> {
    match conn.backend() {
        Backend::Sqlite(c) => {
            for row in rows {
                insert_into(p::table)
                    .values(&row)
                    .on_conflict((p::index_number, p::term, p::block))
                    .do_update()
                    .set((
                        p::last_chunk.eq(excluded(p::last_chunk)),
                        p::postings.eq(excluded(p::postings)),
                    ))
                    .execute(c)?;
            }
        }
        Backend::Pg(c) => {
            let columns = Columns::of(rows);
            sql_query(
                "INSERT INTO document_posting (index_number, term, block, first_chunk, last_chunk, postings) \
                 SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6) n \
                 ON CONFLICT (index_number, term, block) \
                 DO UPDATE SET last_chunk = excluded.last_chunk, postings = excluded.postings",
            )
            .bind::<Integer, _>(index.get())
            .bind::<Array<Text>, _>(columns.terms)
            .bind::<Array<Integer>, _>(columns.blocks)
            .bind::<Array<Integer>, _>(columns.firsts)
            .bind::<Array<Integer>, _>(columns.lasts)
            .bind::<Array<Binary>, _>(columns.postings)
            .execute(c)?;
        }
    }
    Ok(())
}

/// Rows as PostgreSQL takes many at once.
#[derive(Default)]
struct Columns {
    terms: Vec<String>,
    blocks: Vec<i32>,
    firsts: Vec<i32>,
    lasts: Vec<i32>,
    postings: Vec<Vec<u8>>,
}

impl Columns {
    fn of(rows: Vec<Row>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            let Row {
                index_number: _,
                term,
                block,
                first_chunk,
                last_chunk,
                postings,
            } = row;
            columns.terms.push(term);
            columns.blocks.push(block);
            columns.firsts.push(first_chunk);
            columns.lasts.push(last_chunk);
            columns.postings.push(postings);
        }
        columns
    }
}

/// Takes chunks out of the lists of `terms`. The index is locked.
pub fn remove_postings(
    conn: &mut Conn,
    index: IndexNumber,
    chunks: &HashSet<u32>,
    terms: &[String],
) -> Result<(), DbError> {
    let bound =
        |chunk: Option<&u32>| chunk.map_or(0, |chunk| i32::try_from(*chunk).unwrap_or(OPEN));
    let (first, last) = (bound(chunks.iter().min()), bound(chunks.iter().max()));
    for terms in terms.chunks(TERMS_AT_ONCE) {
        let rows: Vec<Row> = each_backend!(conn, |c| {
            p::table
                .filter(p::index_number.eq(index.get()))
                .filter(p::term.eq_any(terms))
                .filter(p::first_chunk.le(last))
                .filter(p::last_chunk.ge(first))
                .select(Row::as_select())
                .load(c)
        })?;
        let (mut kept, mut emptied) = (Vec::new(), Vec::new());
        for mut row in rows {
            let left = decode(&row.postings).filter(|posting| !chunks.contains(&posting.chunk));
            let left = encode(left);
            if left.is_empty() {
                emptied.push(row);
            } else if left.len() < row.postings.len() {
                row.postings = left;
                kept.push(row);
            }
        }
        upsert(conn, index, kept)?;
        delete_rows(conn, index, emptied)?;
    }
    Ok(())
}

fn delete_rows(conn: &mut Conn, index: IndexNumber, rows: Vec<Row>) -> Result<(), DbError> {
    match conn.backend() {
        Backend::Sqlite(c) => {
            for row in rows {
                diesel::delete(p::table.find((index.get(), row.term, row.block))).execute(c)?;
            }
        }
        Backend::Pg(c) => {
            let columns = Columns::of(rows);
            sql_query(
                "DELETE FROM document_posting p USING unnest($2, $3) AS n (term, block) \
                 WHERE p.index_number = $1 AND p.term = n.term AND p.block = n.block",
            )
            .bind::<Integer, _>(index.get())
            .bind::<Array<Text>, _>(columns.terms)
            .bind::<Array<Integer>, _>(columns.blocks)
            .execute(c)?;
        }
    }
    Ok(())
}

/// The lists of `terms`; a term without one is not among them.
pub fn posting_lists(
    conn: &mut Conn,
    index: IndexNumber,
    terms: &[&str],
) -> Result<Vec<TermList>, DbError> {
    let rows: Vec<(String, Vec<u8>)> = each_backend!(conn, |c| {
        p::table
            .filter(p::index_number.eq(index.get()))
            .filter(p::term.eq_any(terms))
            .order((p::term, p::block))
            .select((p::term, p::postings))
            .load(c)
    })?;
    let mut lists: Vec<TermList> = Vec::new();
    for (term, row) in rows {
        match lists.last_mut().filter(|list| list.term == term) {
            Some(list) => list.rows.push(row),
            None => lists.push(TermList {
                term,
                rows: vec![row],
            }),
        }
    }
    Ok(lists)
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Bytes, on both engines.
    fn octet_length(bytes: Binary) -> Integer;
}

/// The terms that begin with `prefix`, those of most chunks first.
pub fn prefix_terms(
    conn: &mut Conn,
    index: IndexNumber,
    prefix: &str,
    limit: i64,
) -> Result<Vec<String>, DbError> {
    let after = format!("{prefix}{}", char::MAX);
    let length = diesel::dsl::sum(octet_length(p::postings));
    Ok(each_backend!(conn, |c| {
        p::table
            .filter(p::index_number.eq(index.get()))
            .filter(p::term.ge(prefix))
            .filter(p::term.lt(after))
            .group_by(p::term)
            .order((length.desc(), p::term))
            .limit(limit)
            .select(p::term)
            .load(c)
    })?)
}
