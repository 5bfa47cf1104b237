//! Removes the comments on traces that are removed, and on their observations.

use diesel::{dsl::exists, dsl::not, prelude::*};

use crate::{
    kernel::ProjectId,
    llm_integration::{
        TraceId,
        comments::{CommentObject, schema::llm_comment},
        traces::{RemovedTraces, schema::llm_observation},
    },
    platform::db::{Conn, DbError, each_backend},
};

/// Ids of one IN list: engines take at most 32,766 values.
const IDS_AT_ONCE: usize = 1000;

/// No comment has an object.
pub(in crate::llm_integration) fn delete_of_traces(
    conn: &mut Conn,
    project: ProjectId,
    removed: &RemovedTraces,
) -> Result<Vec<String>, DbError> {
    use {llm_comment as k, llm_observation as o};
    let on = |object: CommentObject| {
        k::table
            .filter(k::project_id.eq(project))
            .filter(k::object_type.eq(object.name()))
    };
    let traces: Vec<&str> = removed.traces.iter().map(TraceId::as_str).collect();
    for ids in traces.chunks(IDS_AT_ONCE) {
        let on_traces = on(CommentObject::Trace).filter(k::object_id.eq_any(ids));
        each_backend!(conn, |c| diesel::delete(on_traces).execute(c))?;
    }
    for ids in removed.observations.chunks(IDS_AT_ONCE) {
        // Another trace can have an observation of the same id, and comments name no trace.
        let elsewhere = o::table
            .filter(o::project_id.eq(k::project_id))
            .filter(o::id.eq(k::object_id));
        let on_observations = on(CommentObject::Observation)
            .filter(k::object_id.eq_any(ids))
            .filter(not(exists(elsewhere)));
        each_backend!(conn, |c| diesel::delete(on_observations).execute(c))?;
    }
    Ok(Vec::new())
}

pub(in crate::llm_integration) fn delete_of_sessions(
    conn: &mut Conn,
    project: ProjectId,
    sessions: &[String],
) -> Result<(), DbError> {
    use llm_comment as k;
    let on_sessions = k::table
        .filter(k::project_id.eq(project))
        .filter(k::object_type.eq(CommentObject::Session.name()))
        .filter(k::object_id.eq_any(sessions));
    each_backend!(conn, |c| diesel::delete(on_sessions).execute(c))?;
    Ok(())
}
