//! Versions of how a project's index is made and asked.

use diesel::prelude::*;

use crate::{
    document::search::{model::SearchSetup, schema::document_search_setting as t},
    kernel::ProjectId,
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

/// The version that is in force, and what it says; version 0 is the default, which needs no row.
pub fn promoted(conn: &mut Conn, project: ProjectId) -> Result<(i32, SearchSetup), DbError> {
    let found: Option<(i32, JsonColumn)> = each_backend!(conn, |c| {
        t::table
            .filter(t::project_id.eq(project))
            .filter(t::state.eq("promoted"))
            .select((t::version, t::settings))
            .first(c)
            .optional()
    })?;
    match found {
        Some((version, settings)) => Ok((version, parsed(version, settings)?)),
        None => Ok((0, SearchSetup::default())),
    }
}

pub(super) fn parsed(version: i32, settings: JsonColumn) -> Result<SearchSetup, DbError> {
    serde_json::from_value(settings.0).map_err(|error| DbError::Corrupt {
        what: format!("document_search_setting {version}: {error}"),
    })
}
