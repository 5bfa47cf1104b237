//! Rows and queries of the responses that providers keep.

use diesel::prelude::*;

use super::schema::llm_response;
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, each_backend},
};

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = llm_response)]
pub(super) struct ResponseRow {
    pub project_id: ProjectId,
    pub id: String,
    pub provider: String,
    pub created_at: Timestamp,
}

/// What is there stays: an id that is told again is the same response.
pub(super) fn insert(conn: &mut Conn, row: &ResponseRow) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::insert_into(llm_response::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    Ok(())
}

/// The name of the provider that keeps it.
pub(super) fn provider_of(
    conn: &mut Conn,
    project: ProjectId,
    id: &str,
) -> Result<Option<String>, DbError> {
    let found = each_backend!(conn, |c| {
        llm_response::table
            .find((project, id))
            .select(llm_response::provider)
            .first(c)
            .optional()
    })?;
    Ok(found)
}

pub(super) fn delete(conn: &mut Conn, project: ProjectId, id: &str) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::delete(llm_response::table.find((project, id))).execute(c)
    })?;
    Ok(())
}

pub(super) fn delete_before(conn: &mut Conn, before: Timestamp) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::delete(llm_response::table.filter(llm_response::created_at.lt(before))).execute(c)
    })?;
    Ok(())
}
