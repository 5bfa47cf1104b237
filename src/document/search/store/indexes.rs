//! Generations of indexes.

use diesel::{insert_into, prelude::*, sql_query, sql_types::BigInt};
use serde_json::json;

use crate::{
    document::{
        model::DocumentId,
        search::{
            lexical::Collection,
            model::{IndexNumber, IndexSettings, IndexState},
            schema::{
                document_chunk as k, document_index as i, document_indexed as e,
                document_posting as p,
            },
        },
    },
    kernel::{ProjectId, Timestamp},
    platform::db::{Backend, Conn, DbError, JsonColumn, each_backend},
};

/// Names the lock among all advisory ones of the database.
const NUMBERS_LOCK: i64 = 0x6b61_6e61_6d65_0015;
/// Terms of which one transaction removes the postings.
const POSTINGS_AT_ONCE: i64 = 5_000;

/// One generation.
#[derive(Clone, Debug)]
pub struct IndexRow {
    pub number: IndexNumber,
    pub settings: IndexSettings,
    pub state: IndexState,
    pub collection: Collection,
}

type Columns = (i32, JsonColumn, String, i64, i64);

fn read((number, settings, state, chunks, tokens): Columns) -> Result<IndexRow, DbError> {
    let corrupt = |what: String| DbError::Corrupt {
        what: format!("document_index {number}: {what}"),
    };
    let found = IndexState::ALL
        .into_iter()
        .find(|known| known.name() == state);
    Ok(IndexRow {
        number: IndexNumber::stored(number),
        settings: serde_json::from_value(settings.0).map_err(|error| corrupt(error.to_string()))?,
        state: found.ok_or_else(|| corrupt(format!("state {state}")))?,
        collection: Collection {
            chunks: chunks.unsigned_abs(),
            tokens: tokens.unsigned_abs(),
        },
    })
}

/// The generations of a project that are not being removed, the serving one first.
pub fn indexes(conn: &mut Conn, project: ProjectId) -> Result<Vec<IndexRow>, DbError> {
    let rows: Vec<Columns> = each_backend!(conn, |c| {
        i::table
            .filter(i::project_id.eq(project))
            .filter(i::state.ne(IndexState::Retired.name()))
            .order(i::state.desc())
            .select((i::number, i::settings, i::state, i::chunks, i::tokens))
            .load(c)
    })?;
    rows.into_iter().map(read).collect()
}

pub fn index(conn: &mut Conn, index: IndexNumber) -> Result<Option<IndexRow>, DbError> {
    let row: Option<Columns> = each_backend!(conn, |c| {
        i::table
            .find(index.get())
            .select((i::number, i::settings, i::state, i::chunks, i::tokens))
            .first(c)
            .optional()
    })?;
    row.map(read).transpose()
}

/// Lets a generation serve in place of the one that did.
pub fn promote_index(
    conn: &mut Conn,
    project: ProjectId,
    index: IndexNumber,
) -> Result<(), DbError> {
    let serving = i::table
        .filter(i::project_id.eq(project))
        .filter(i::state.eq(IndexState::Serving.name()));
    each_backend!(conn, |c| {
        diesel::update(serving)
            .set(i::state.eq(IndexState::Retired.name()))
            .execute(c)?;
        diesel::update(i::table.find(index.get()))
            .set(i::state.eq(IndexState::Serving.name()))
            .execute(c)
    })?;
    Ok(())
}

/// A generation that is being built is not wanted any more.
pub fn retire_building(conn: &mut Conn, project: ProjectId) -> Result<(), DbError> {
    let building = i::table
        .filter(i::project_id.eq(project))
        .filter(i::state.eq(IndexState::Building.name()));
    each_backend!(conn, |c| {
        diesel::update(building)
            .set(i::state.eq(IndexState::Retired.name()))
            .execute(c)
    })?;
    Ok(())
}

/// The generation that answers searches; `None` while the project has indexed nothing.
pub fn serving(conn: &mut Conn, project: ProjectId) -> Result<Option<IndexRow>, DbError> {
    let found = indexes(conn, project)?;
    Ok(found
        .into_iter()
        .find(|index| index.state == IndexState::Serving))
}

/// The serving generation, made now if there is none.
pub fn ensure_serving(
    conn: &mut Conn,
    project: ProjectId,
    settings: &IndexSettings,
    now: Timestamp,
) -> Result<IndexNumber, DbError> {
    match serving(conn, project)? {
        Some(index) => Ok(index.number),
        None => create_index(conn, project, settings, (IndexState::Serving, now)),
    }
}

/// # Errors
/// Also when the project has one in that state already.
pub fn create_index(
    conn: &mut Conn,
    project: ProjectId,
    settings: &IndexSettings,
    (state, now): (IndexState, Timestamp),
) -> Result<IndexNumber, DbError> {
    numbers_one_by_one(conn)?;
    each_backend!(conn, |c| {
        let last: Option<i32> = i::table.select(diesel::dsl::max(i::number)).first(c)?;
        let number = last.unwrap_or(0) + 1;
        insert_into(i::table)
            .values((
                i::number.eq(number),
                i::project_id.eq(project),
                i::settings.eq(JsonColumn(json!(settings))),
                i::state.eq(state.name()),
                i::chunks.eq(0),
                i::tokens.eq(0),
                i::next_chunk.eq(0),
                i::created_at.eq(now),
            ))
            .execute(c)?;
        Ok(IndexNumber::stored(number))
    })
}

/// Lets no two transactions take the same next number. SQLite has one writer anyway.
pub(super) fn numbers_one_by_one(conn: &mut Conn) -> Result<(), DbError> {
    if let Backend::Pg(c) = conn.backend() {
        sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(NUMBERS_LOCK)
            .execute(c)?;
    }
    Ok(())
}

/// Has every other change of the index wait until the transaction ends, and counts `chunks` and `tokens` in (or out).
/// Returns the number of the first of `numbers` new chunks; `None` when the index is gone.
pub fn lock_index(
    conn: &mut Conn,
    index: IndexNumber,
    numbers: i32,
    (chunks, tokens): (i64, i64),
) -> Result<Option<i32>, DbError> {
    let next: Option<i32> = each_backend!(conn, |c| {
        diesel::update(i::table.find(index.get()))
            .set((
                i::next_chunk.eq(i::next_chunk + numbers),
                i::chunks.eq(i::chunks + chunks),
                i::tokens.eq(i::tokens + tokens),
            ))
            .returning(i::next_chunk)
            .get_result(c)
            .optional()
    })?;
    Ok(next.map(|next| next - numbers))
}

/// Removes the rows of generations that no longer serve, once nothing is in them.
pub fn delete_retired(conn: &mut Conn, index: IndexNumber) -> Result<(), DbError> {
    let retired = i::table
        .filter(i::number.eq(index.get()))
        .filter(i::state.eq(IndexState::Retired.name()));
    each_backend!(conn, |c| diesel::delete(retired).execute(c))?;
    Ok(())
}

/// Every generation of every project, and whose it is.
pub fn every_index(conn: &mut Conn) -> Result<Vec<(ProjectId, IndexRow)>, DbError> {
    type Row = (ProjectId, Columns);
    let rows: Vec<Row> = each_backend!(conn, |c| {
        i::table
            .order(i::number)
            .select((
                i::project_id,
                (i::number, i::settings, i::state, i::chunks, i::tokens),
            ))
            .load(c)
    })?;
    let with_project = |(project, columns): Row| Ok((project, read(columns)?));
    rows.into_iter().map(with_project).collect()
}

/// Deletes some chunks, entries and postings of a generation that no longer serves. `false` when there are none left.
pub fn empty_some(conn: &mut Conn, index: IndexNumber, limit: i64) -> Result<bool, DbError> {
    let number = index.get();
    each_backend!(conn, |c| {
        let documents: Vec<DocumentId> = k::table
            .filter(k::index_number.eq(number))
            .select(k::document_id)
            .distinct()
            .limit(limit)
            .load(c)?;
        diesel::delete(k::table)
            .filter(k::index_number.eq(number))
            .filter(k::document_id.eq_any(&documents))
            .execute(c)?;
        diesel::delete(e::table)
            .filter(e::index_number.eq(number))
            .filter(e::document_id.eq_any(&documents))
            .execute(c)?;
        let terms: Vec<String> = p::table
            .filter(p::index_number.eq(number))
            .select(p::term)
            .distinct()
            .limit(POSTINGS_AT_ONCE)
            .load(c)?;
        diesel::delete(p::table)
            .filter(p::index_number.eq(number))
            .filter(p::term.eq_any(&terms))
            .execute(c)?;
        Ok(!(documents.is_empty() && terms.is_empty()))
    })
}
