//! Labelled queries, and what they were worth.

use diesel::{insert_into, prelude::*};
use serde_json::json;

use crate::{
    document::{
        model::DocumentId,
        schema::document_document as d,
        search::{
            model::{LabelledQuery, LabelledQueryId, RunId, SearchRun},
            schema::{document_search_query as q, document_search_run as r},
        },
    },
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

type QueryColumns = (
    LabelledQueryId,
    String,
    Option<String>,
    JsonColumn,
    Timestamp,
);

fn corrupt(what: String) -> DbError {
    DbError::Corrupt { what }
}

pub fn count_queries(conn: &mut Conn, project: ProjectId) -> Result<usize, DbError> {
    let count: i64 = each_backend!(conn, |c| {
        q::table
            .filter(q::project_id.eq(project))
            .count()
            .get_result(c)
    })?;
    Ok(usize::try_from(count).unwrap_or_default())
}

pub fn insert_queries(
    conn: &mut Conn,
    project: ProjectId,
    queries: &[LabelledQuery],
) -> Result<(), DbError> {
    for query in queries {
        let LabelledQuery {
            id,
            text,
            language,
            relevant,
            created_at,
        } = query;
        each_backend!(conn, |c| {
            insert_into(q::table)
                .values((
                    q::id.eq(id),
                    q::project_id.eq(project),
                    q::text.eq(text),
                    q::language.eq(language),
                    q::relevant.eq(JsonColumn(json!(relevant))),
                    q::created_at.eq(created_at),
                ))
                .execute(c)
        })?;
    }
    Ok(())
}

/// Queries after a position, the oldest first.
pub fn queries(
    conn: &mut Conn,
    project: ProjectId,
    after: Option<(Timestamp, LabelledQueryId)>,
    limit: i64,
) -> Result<Vec<LabelledQuery>, DbError> {
    let mut query = q::table.filter(q::project_id.eq(project)).into_boxed();
    let mut sqlite = q::table.filter(q::project_id.eq(project)).into_boxed();
    if let Some((at, id)) = after {
        let later = q::created_at
            .gt(at)
            .or(q::created_at.eq(at).and(q::id.gt(id)));
        query = query.filter(later);
        let later = q::created_at
            .gt(at)
            .or(q::created_at.eq(at).and(q::id.gt(id)));
        sqlite = sqlite.filter(later);
    }
    let columns = (q::id, q::text, q::language, q::relevant, q::created_at);
    let rows: Vec<QueryColumns> = match conn.backend() {
        crate::platform::db::Backend::Pg(c) => query
            .order((q::created_at, q::id))
            .limit(limit)
            .select(columns)
            .load(c)?,
        crate::platform::db::Backend::Sqlite(c) => sqlite
            .order((q::created_at, q::id))
            .limit(limit)
            .select(columns)
            .load(c)?,
    };
    let read = |(id, text, language, relevant, created_at): QueryColumns| {
        Ok(LabelledQuery {
            id,
            text,
            language,
            relevant: serde_json::from_value(relevant.0)
                .map_err(|error| corrupt(format!("document_search_query {id}: {error}")))?,
            created_at,
        })
    };
    rows.into_iter().map(read).collect()
}

/// `false` when the project has no such query.
pub fn delete_query(
    conn: &mut Conn,
    project: ProjectId,
    id: LabelledQueryId,
) -> Result<bool, DbError> {
    let gone = q::table
        .filter(q::project_id.eq(project))
        .filter(q::id.eq(id));
    Ok(each_backend!(conn, |c| diesel::delete(gone).execute(c))? > 0)
}

/// Those of these documents that the project has.
pub fn known_documents(
    conn: &mut Conn,
    project: ProjectId,
    documents: &[DocumentId],
) -> Result<Vec<DocumentId>, DbError> {
    Ok(each_backend!(conn, |c| {
        d::table
            .filter(d::project_id.eq(project))
            .filter(d::id.eq_any(documents))
            .select(d::id)
            .load(c)
    })?)
}

pub fn insert_run(conn: &mut Conn, project: ProjectId, run: &SearchRun) -> Result<(), DbError> {
    let SearchRun {
        id,
        setting,
        report,
        results,
        comparison,
        requested_by,
        created_at,
    } = run;
    each_backend!(conn, |c| {
        insert_into(r::table)
            .values((
                r::id.eq(id),
                r::project_id.eq(project),
                r::setting_version.eq(setting),
                r::metrics.eq(JsonColumn(json!(report))),
                r::results.eq(JsonColumn(json!(results))),
                r::comparison.eq(comparison.map(|comparison| JsonColumn(json!(comparison)))),
                r::requested_by.eq(requested_by),
                r::created_at.eq(created_at),
            ))
            .execute(c)
    })?;
    Ok(())
}

type RunColumns = (
    RunId,
    i32,
    JsonColumn,
    JsonColumn,
    Option<JsonColumn>,
    String,
    Timestamp,
);

fn read_run(columns: RunColumns) -> Result<SearchRun, DbError> {
    let (id, setting, report, results, comparison, requested_by, created_at) = columns;
    let wrong = |error: serde_json::Error| corrupt(format!("document_search_run {id}: {error}"));
    let comparison = comparison.map(|comparison| serde_json::from_value(comparison.0));
    Ok(SearchRun {
        id,
        setting,
        report: serde_json::from_value(report.0).map_err(wrong)?,
        results: serde_json::from_value(results.0).map_err(wrong)?,
        comparison: comparison.transpose().map_err(wrong)?,
        requested_by,
        created_at,
    })
}

macro_rules! run_columns {
    () => {
        (
            r::id,
            r::setting_version,
            r::metrics,
            r::results,
            r::comparison,
            r::requested_by,
            r::created_at,
        )
    };
}

/// The newest runs.
pub fn runs(conn: &mut Conn, project: ProjectId, limit: i64) -> Result<Vec<SearchRun>, DbError> {
    let rows: Vec<RunColumns> = each_backend!(conn, |c| {
        r::table
            .filter(r::project_id.eq(project))
            .order((r::created_at.desc(), r::id.desc()))
            .limit(limit)
            .select(run_columns!())
            .load(c)
    })?;
    rows.into_iter().map(read_run).collect()
}

pub fn run(conn: &mut Conn, project: ProjectId, id: RunId) -> Result<Option<SearchRun>, DbError> {
    let row: Option<RunColumns> = each_backend!(conn, |c| {
        r::table
            .filter(r::project_id.eq(project))
            .filter(r::id.eq(id))
            .select(run_columns!())
            .first(c)
            .optional()
    })?;
    row.map(read_run).transpose()
}

/// The last run of a version of the settings.
pub fn latest_run(
    conn: &mut Conn,
    project: ProjectId,
    setting: i32,
) -> Result<Option<SearchRun>, DbError> {
    let row: Option<RunColumns> = each_backend!(conn, |c| {
        r::table
            .filter(r::project_id.eq(project))
            .filter(r::setting_version.eq(setting))
            .order((r::created_at.desc(), r::id.desc()))
            .select(run_columns!())
            .first(c)
            .optional()
    })?;
    row.map(read_run).transpose()
}
