//! Rows and queries of projects' providers.

use diesel::prelude::*;
use serde_json::Value;

use super::{Connection, ProviderId, cipher::Sealed, schema::llm_provider};
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = llm_provider)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct ProviderRow {
    project_id: ProjectId,
    id: ProviderId,
    name: String,
    kind: String,
    base_url: Option<String>,
    details: JsonColumn,
    sealed: Vec<u8>,
    sealed_with: String,
    key_hint: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A provider and its secrets as they are stored.
pub(super) type Row = (Connection, Sealed);

impl ProviderRow {
    fn new(
        project_id: ProjectId,
        connection: &Connection,
        sealed: &Sealed,
    ) -> Result<Self, DbError> {
        let Connection {
            id,
            name,
            kind,
            base_url,
            key_hint,
            details,
            created_at,
            updated_at,
        } = connection.clone();
        let details = serde_json::to_value(details).map_err(|error| corrupt("details", error))?;
        Ok(Self {
            project_id,
            id,
            name: name.as_str().to_owned(),
            kind: kind.name().to_owned(),
            base_url,
            details: JsonColumn(details),
            sealed: sealed.bytes.clone(),
            sealed_with: sealed.key_id.clone(),
            key_hint,
            created_at,
            updated_at,
        })
    }

    fn into_parts(self) -> Result<Row, DbError> {
        let details: Value = self.details.into();
        let connection = Connection {
            id: self.id,
            name: self.name.parse().map_err(|why| corrupt("name", why))?,
            kind: self.kind.parse().map_err(|why| corrupt("kind", why))?,
            base_url: self.base_url,
            key_hint: self.key_hint,
            details: serde_json::from_value(details).map_err(|why| corrupt("details", why))?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        let sealed = Sealed {
            key_id: self.sealed_with,
            bytes: self.sealed,
        };
        Ok((connection, sealed))
    }
}

fn corrupt(column: &str, why: impl std::fmt::Display) -> DbError {
    DbError::Corrupt {
        what: format!("llm_provider.{column}: {why}"),
    }
}

/// In the order of their names.
pub(super) fn list(conn: &mut Conn, project: ProjectId) -> Result<Vec<Row>, DbError> {
    let rows: Vec<ProviderRow> = each_backend!(conn, |c| {
        llm_provider::table
            .filter(llm_provider::project_id.eq(project))
            .order(llm_provider::name)
            .select(ProviderRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(ProviderRow::into_parts).collect()
}

pub(super) fn find(
    conn: &mut Conn,
    project: ProjectId,
    name: &str,
) -> Result<Option<Row>, DbError> {
    let row: Option<ProviderRow> = each_backend!(conn, |c| {
        llm_provider::table
            .filter(llm_provider::project_id.eq(project))
            .filter(llm_provider::name.eq(name))
            .select(ProviderRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(ProviderRow::into_parts).transpose()
}

/// Inserts, or replaces the one of the same name.
pub(super) fn put(
    conn: &mut Conn,
    project: ProjectId,
    connection: &Connection,
    sealed: &Sealed,
) -> Result<(), DbError> {
    let row = ProviderRow::new(project, connection, sealed)?;
    each_backend!(conn, |c| {
        diesel::insert_into(llm_provider::table)
            .values(&row)
            .on_conflict((llm_provider::project_id, llm_provider::name))
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}

/// Whether there was one.
pub(super) fn delete(conn: &mut Conn, project: ProjectId, name: &str) -> Result<bool, DbError> {
    let deleted = each_backend!(conn, |c| {
        diesel::delete(
            llm_provider::table
                .filter(llm_provider::project_id.eq(project))
                .filter(llm_provider::name.eq(name)),
        )
        .execute(c)
    })?;
    Ok(deleted > 0)
}

/// Some rows that another master key sealed, of any project.
pub(super) fn sealed_otherwise(
    conn: &mut Conn,
    key_id: &str,
    limit: i64,
) -> Result<Vec<(ProjectId, Row)>, DbError> {
    let rows: Vec<ProviderRow> = each_backend!(conn, |c| {
        llm_provider::table
            .filter(llm_provider::sealed_with.ne(key_id))
            .order((llm_provider::project_id, llm_provider::id))
            .limit(limit)
            .select(ProviderRow::as_select())
            .load(c)
    })?;
    rows.into_iter()
        .map(|row| Ok((row.project_id, row.into_parts()?)))
        .collect()
}

/// Replaces what is sealed, unless somebody else has replaced it since.
pub(super) fn reseal(
    conn: &mut Conn,
    project: ProjectId,
    id: ProviderId,
    old: &Sealed,
    new: &Sealed,
) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::update(
            llm_provider::table
                .filter(llm_provider::project_id.eq(project))
                .filter(llm_provider::id.eq(id))
                .filter(llm_provider::sealed.eq(&old.bytes)),
        )
        .set((
            llm_provider::sealed.eq(&new.bytes),
            llm_provider::sealed_with.eq(&new.key_id),
        ))
        .execute(c)
    })?;
    Ok(())
}
