//! Rows and queries of guards.

use diesel::prelude::*;

use super::{Guard, GuardId, GuardName, schema::llm_guardrail};
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, each_backend},
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = llm_guardrail)]
struct GuardRow {
    project_id: ProjectId,
    id: GuardId,
    name: String,
    rule: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl GuardRow {
    fn new(project_id: ProjectId, guard: &Guard) -> Result<Self, DbError> {
        let Guard {
            id,
            rule,
            created_at,
            updated_at,
        } = guard;
        Ok(Self {
            project_id,
            id: *id,
            name: rule.name.as_str().to_owned(),
            rule: serde_json::to_string(rule).map_err(|_| corrupt())?,
            created_at: *created_at,
            updated_at: *updated_at,
        })
    }

    fn into_guard(self) -> Result<Guard, DbError> {
        Ok(Guard {
            id: self.id,
            rule: serde_json::from_str(&self.rule).map_err(|_| corrupt())?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn corrupt() -> DbError {
    DbError::Corrupt {
        what: "llm_guardrail.rule".to_owned(),
    }
}

/// In the order of their names.
pub(super) fn list(conn: &mut Conn, project: ProjectId) -> Result<Vec<Guard>, DbError> {
    let rows: Vec<GuardRow> = each_backend!(conn, |c| {
        llm_guardrail::table
            .filter(llm_guardrail::project_id.eq(project))
            .order(llm_guardrail::name)
            .select(GuardRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(GuardRow::into_guard).collect()
}

pub(super) fn get(
    conn: &mut Conn,
    project: ProjectId,
    id: GuardId,
) -> Result<Option<Guard>, DbError> {
    let row: Option<GuardRow> = each_backend!(conn, |c| {
        llm_guardrail::table
            .find((project, id))
            .select(GuardRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(GuardRow::into_guard).transpose()
}

/// The guard that has this name.
pub(super) fn named(
    conn: &mut Conn,
    project: ProjectId,
    name: &GuardName,
) -> Result<Option<GuardId>, DbError> {
    Ok(each_backend!(conn, |c| {
        llm_guardrail::table
            .filter(llm_guardrail::project_id.eq(project))
            .filter(llm_guardrail::name.eq(name.as_str()))
            .select(llm_guardrail::id)
            .first(c)
            .optional()
    })?)
}

pub(super) fn count(conn: &mut Conn, project: ProjectId) -> Result<i64, DbError> {
    Ok(each_backend!(conn, |c| {
        llm_guardrail::table
            .filter(llm_guardrail::project_id.eq(project))
            .count()
            .get_result(c)
    })?)
}

pub(super) fn put(conn: &mut Conn, project: ProjectId, guard: &Guard) -> Result<(), DbError> {
    let row = GuardRow::new(project, guard)?;
    each_backend!(conn, |c| {
        diesel::insert_into(llm_guardrail::table)
            .values(&row)
            .on_conflict((llm_guardrail::project_id, llm_guardrail::id))
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}

/// Whether there was one.
pub(super) fn delete(conn: &mut Conn, project: ProjectId, id: GuardId) -> Result<bool, DbError> {
    let deleted = each_backend!(conn, |c| {
        diesel::delete(llm_guardrail::table.find((project, id))).execute(c)
    })?;
    Ok(deleted > 0)
}
