//! Rows and queries of a project's own routes.

use diesel::prelude::*;

use super::{StoredRoute, schema::llm_route};
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = llm_route)]
struct RouteRow {
    project_id: ProjectId,
    alias: String,
    version: i32,
    route: JsonColumn,
    author: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl RouteRow {
    fn new(project_id: ProjectId, stored: &StoredRoute) -> Result<Self, DbError> {
        let StoredRoute {
            alias,
            route,
            version,
            author,
            created_at,
            updated_at,
        } = stored;
        let route = serde_json::to_value(route).map_err(|_| corrupt("route"))?;
        Ok(Self {
            project_id,
            alias: alias.as_str().to_owned(),
            version: *version,
            route: route.into(),
            author: author.clone(),
            created_at: *created_at,
            updated_at: *updated_at,
        })
    }

    fn into_route(self) -> Result<StoredRoute, DbError> {
        let Self {
            project_id: _,
            alias,
            version,
            route,
            author,
            created_at,
            updated_at,
        } = self;
        Ok(StoredRoute {
            alias: alias.parse().map_err(|_| corrupt("alias"))?,
            route: serde_json::from_value(route.into()).map_err(|_| corrupt("route"))?,
            version,
            author,
            created_at,
            updated_at,
        })
    }
}

fn corrupt(column: &str) -> DbError {
    DbError::Corrupt {
        what: format!("llm_route.{column}"),
    }
}

/// In the order of their aliases.
pub(super) fn list(conn: &mut Conn, project: ProjectId) -> Result<Vec<StoredRoute>, DbError> {
    let rows: Vec<RouteRow> = each_backend!(conn, |c| {
        llm_route::table
            .filter(llm_route::project_id.eq(project))
            .order(llm_route::alias)
            .select(RouteRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(RouteRow::into_route).collect()
}

pub(super) fn put(
    conn: &mut Conn,
    project: ProjectId,
    stored: &StoredRoute,
) -> Result<(), DbError> {
    let row = RouteRow::new(project, stored)?;
    each_backend!(conn, |c| {
        diesel::insert_into(llm_route::table)
            .values(&row)
            .on_conflict((llm_route::project_id, llm_route::alias))
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}

pub(super) fn delete(conn: &mut Conn, project: ProjectId, alias: &str) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::delete(
            llm_route::table
                .filter(llm_route::project_id.eq(project))
                .filter(llm_route::alias.eq(alias)),
        )
        .execute(c)
    })?;
    Ok(())
}
