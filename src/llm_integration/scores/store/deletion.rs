//! Removes the scores of traces that are removed.

use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        TraceId,
        scores::schema::llm_score,
        traces::{RemovedTraces, schema::llm_trace_key},
    },
    platform::db::{Conn, DbError, each_backend},
};

/// No score has an object.
pub(in crate::llm_integration) fn delete_of_traces(
    conn: &mut Conn,
    project: ProjectId,
    removed: &RemovedTraces,
) -> Result<Vec<String>, DbError> {
    let ids = removed.traces.iter().map(TraceId::as_str);
    let of_traces = llm_score::table
        .filter(llm_score::project_id.eq(project))
        .filter(llm_score::trace_id.eq_any(ids));
    each_backend!(conn, |c| diesel::delete(of_traces).execute(c))?;
    Ok(Vec::new())
}

/// Traces that were scored before `before`, and that were never heard of.
pub(in crate::llm_integration) fn unheard_traces(
    conn: &mut Conn,
    project: ProjectId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<TraceId>, DbError> {
    use {llm_score as s, llm_trace_key as k};
    let heard_of = k::table
        .filter(k::project_id.eq(s::project_id))
        .filter(k::id.nullable().eq(s::trace_id));
    let ids: Vec<Option<String>> = each_backend!(conn, |c| s::table
        .filter(s::project_id.eq(project))
        .filter(s::created_at.lt(before))
        .filter(s::trace_id.is_not_null())
        .filter(not(exists(heard_of)))
        .select(s::trace_id)
        .distinct()
        .limit(limit)
        .load(c))?;
    Ok(ids.into_iter().flatten().map(TraceId::stored).collect())
}

pub(in crate::llm_integration) fn delete_of_sessions(
    conn: &mut Conn,
    project: ProjectId,
    sessions: &[String],
) -> Result<(), DbError> {
    let of_sessions = llm_score::table
        .filter(llm_score::project_id.eq(project))
        .filter(llm_score::session_id.eq_any(sessions));
    each_backend!(conn, |c| diesel::delete(of_sessions).execute(c))?;
    Ok(())
}
