//! The vectors that models made: which there are, and which serve.

use diesel::{connection::SimpleConnection, insert_into, prelude::*};

use super::indexes::numbers_one_by_one;
use crate::{
    document::search::{
        model::{IndexNumber, IndexState, SpaceNumber},
        schema::{document_space as s, document_vector as v},
    },
    kernel::{ProjectId, Timestamp},
    platform::db::{Backend, Conn, DbError, each_backend},
};

/// The vectors of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceRow {
    pub number: SpaceNumber,
    /// Its name and the fingerprint of its files: vectors of others can not be compared with these.
    pub model: String,
    pub dimension: usize,
    pub state: IndexState,
    pub changes: i64,
}

type Columns = (i32, String, i32, String, i64);

fn read((number, model, dimension, state, changes): Columns) -> Result<SpaceRow, DbError> {
    let found = IndexState::ALL
        .into_iter()
        .find(|known| known.name() == state);
    Ok(SpaceRow {
        number: SpaceNumber::stored(number),
        model,
        dimension: dimension.unsigned_abs() as usize,
        state: found.ok_or_else(|| DbError::Corrupt {
            what: format!("document_space {number}: state {state}"),
        })?,
        changes,
    })
}

/// All that an index has, the oldest first.
pub fn spaces(conn: &mut Conn, index: IndexNumber) -> Result<Vec<SpaceRow>, DbError> {
    let rows: Vec<Columns> = each_backend!(conn, |c| {
        s::table
            .filter(s::index_number.eq(index.get()))
            .order(s::number)
            .select((s::number, s::model, s::dimension, s::state, s::changes))
            .load(c)
    })?;
    rows.into_iter().map(read).collect()
}

/// Makes room for the vectors of a model.
pub fn create_space(
    conn: &mut Conn,
    (project, index): (ProjectId, IndexNumber),
    (model, dimension): (&str, usize),
    now: Timestamp,
) -> Result<SpaceNumber, DbError> {
    let size = i32::try_from(dimension).unwrap_or(i32::MAX);
    numbers_one_by_one(conn)?;
    let number: i32 = each_backend!(conn, |c| {
        let last: Option<i32> = s::table.select(diesel::dsl::max(s::number)).first(c)?;
        let number = last.unwrap_or(0) + 1;
        insert_into(s::table)
            .values((
                s::number.eq(number),
                s::index_number.eq(index.get()),
                s::project_id.eq(project),
                s::model.eq(model),
                s::dimension.eq(size),
                s::state.eq(IndexState::Building.name()),
                s::changes.eq(0),
                s::created_at.eq(now),
            ))
            .execute(c)?;
        Ok::<_, diesel::result::Error>(number)
    })?;
    if let Backend::Pg(c) = conn.backend() {
        // Attached and not created as a partition: that would lock all projects' vectors. The graph grows with them.
        c.batch_execute(&format!(
            "CREATE TABLE document_vector_{number} (LIKE document_vector INCLUDING ALL); \
             ALTER TABLE document_vector ATTACH PARTITION document_vector_{number} FOR VALUES IN ({number}); \
             CREATE INDEX document_vector_{number}_hnsw ON document_vector_{number} \
             USING hnsw ((embedding::halfvec({size})) halfvec_ip_ops);"
        ))?;
    }
    Ok(SpaceNumber::stored(number))
}

/// Lets a space serve in place of the one that did.
pub fn promote_space(
    conn: &mut Conn,
    index: IndexNumber,
    space: SpaceNumber,
) -> Result<(), DbError> {
    let others = s::table
        .filter(s::index_number.eq(index.get()))
        .filter(s::number.ne(space.get()));
    each_backend!(conn, |c| {
        diesel::update(others)
            .set(s::state.eq(IndexState::Retired.name()))
            .execute(c)?;
        diesel::update(s::table.find(space.get()))
            .set(s::state.eq(IndexState::Serving.name()))
            .execute(c)
    })?;
    Ok(())
}

/// A space that is being built serves no purpose any more.
pub fn retire_space(conn: &mut Conn, space: SpaceNumber) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::update(s::table.find(space.get()))
            .set(s::state.eq(IndexState::Retired.name()))
            .execute(c)
    })?;
    Ok(())
}

/// Removes some vectors of a retired space, at most `limit`, and the space with the last. `true` when it is gone.
pub fn delete_space(conn: &mut Conn, space: SpaceNumber, limit: i64) -> Result<bool, DbError> {
    let number = space.get();
    let left = match conn.backend() {
        Backend::Pg(c) => {
            c.batch_execute(&format!(
                "ALTER TABLE document_vector DETACH PARTITION document_vector_{number}; \
                 DROP TABLE document_vector_{number};"
            ))?;
            false
        }
        Backend::Sqlite(c) => {
            let some: Vec<i32> = v::table
                .filter(v::space_number.eq(number))
                .select(v::chunk_number)
                .limit(limit)
                .load(c)?;
            diesel::delete(v::table)
                .filter(v::space_number.eq(number))
                .filter(v::chunk_number.eq_any(&some))
                .execute(c)?;
            !some.is_empty()
        }
    };
    if !left {
        each_backend!(conn, |c| diesel::delete(s::table.find(number)).execute(c))?;
    }
    Ok(!left)
}
