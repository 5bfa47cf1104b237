//! Writes scores, and reads those of a trace.

use std::collections::HashMap;

use diesel::{prelude::*, upsert::excluded};

use super::rows::ScoreRow;
use crate::{
    kernel::ProjectId,
    llm_integration::{
        TraceId,
        query::Key,
        scores::{Score, schema::llm_score},
    },
    platform::db::{Conn, DbError, each_backend},
};

/// Stores scores; one that has the id of an earlier one replaces all of it but when it was created.
pub(in crate::llm_integration::scores) fn put(
    conn: &mut Conn,
    project: ProjectId,
    scores: Vec<Score>,
) -> Result<(), DbError> {
    use llm_score as s;
    for score in scores {
        let row = ScoreRow::new(project, score);
        each_backend!(conn, |c| {
            diesel::insert_into(s::table)
                .values(&row)
                .on_conflict((s::project_id, s::id))
                .do_update()
                .set((
                    s::trace_id.eq(excluded(s::trace_id)),
                    s::observation_id.eq(excluded(s::observation_id)),
                    s::session_id.eq(excluded(s::session_id)),
                    s::dataset_run_id.eq(excluded(s::dataset_run_id)),
                    s::name.eq(excluded(s::name)),
                    s::data_type.eq(excluded(s::data_type)),
                    s::value.eq(excluded(s::value)),
                    s::string_value.eq(excluded(s::string_value)),
                    s::source.eq(excluded(s::source)),
                    s::comment.eq(excluded(s::comment)),
                    s::metadata.eq(excluded(s::metadata)),
                    s::environment.eq(excluded(s::environment)),
                    s::config_id.eq(excluded(s::config_id)),
                    s::queue_id.eq(excluded(s::queue_id)),
                    s::author_user_id.eq(excluded(s::author_user_id)),
                    s::scored_at.eq(excluded(s::scored_at)),
                    s::updated_at.eq(excluded(s::updated_at)),
                ))
                .execute(c)
        })?;
    }
    Ok(())
}

pub(in crate::llm_integration::scores) fn score(
    conn: &mut Conn,
    project: ProjectId,
    id: &str,
) -> Result<Option<Score>, DbError> {
    let row: Option<ScoreRow> = each_backend!(conn, |c| {
        llm_score::table
            .find((project, id))
            .select(ScoreRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(ScoreRow::into_score).transpose()
}

/// Whether there was one.
pub(in crate::llm_integration::scores) fn delete(
    conn: &mut Conn,
    project: ProjectId,
    id: &str,
) -> Result<bool, DbError> {
    let deleted = each_backend!(conn, |c| {
        diesel::delete(llm_score::table.find((project, id))).execute(c)
    })?;
    Ok(deleted > 0)
}

/// The scores of these traces and of their observations, oldest first.
pub(in crate::llm_integration::scores) fn of_traces(
    conn: &mut Conn,
    project: ProjectId,
    traces: &[TraceId],
) -> Result<Vec<Score>, DbError> {
    let ids: Vec<&str> = traces.iter().map(TraceId::as_str).collect();
    let rows: Vec<ScoreRow> = each_backend!(conn, |c| {
        llm_score::table
            .filter(llm_score::project_id.eq(project))
            .filter(llm_score::trace_id.eq_any(&ids))
            .order((llm_score::scored_at.asc(), llm_score::id.asc()))
            .select(ScoreRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(ScoreRow::into_score).collect()
}

/// The scores of these keys, in their order. One that went away in between is not there.
pub(in crate::llm_integration::scores) fn by_keys(
    conn: &mut Conn,
    project: ProjectId,
    keys: &[Key],
) -> Result<Vec<Score>, DbError> {
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let rows: Vec<ScoreRow> = each_backend!(conn, |c| {
        llm_score::table
            .filter(llm_score::project_id.eq(project))
            .filter(llm_score::id.eq_any(&ids))
            .select(ScoreRow::as_select())
            .load(c)
    })?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let score = row.into_score()?;
        found.insert(score.id.clone(), score);
    }
    Ok(keys
        .iter()
        .filter_map(|key| found.remove(&key.id))
        .collect())
}
