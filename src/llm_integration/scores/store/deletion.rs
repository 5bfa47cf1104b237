//! Removes the scores of traces that are removed.

use diesel::prelude::*;

use crate::{
    kernel::ProjectId,
    llm_integration::{TraceId, scores::schema::llm_score},
    platform::db::{Conn, DbError, each_backend},
};

pub(in crate::llm_integration) fn delete_of_traces(
    conn: &mut Conn,
    project: ProjectId,
    traces: &[TraceId],
) -> Result<Vec<String>, DbError> {
    let ids: Vec<&str> = traces.iter().map(TraceId::as_str).collect();
    let of_traces = llm_score::table
        .filter(llm_score::project_id.eq(project))
        .filter(llm_score::trace_id.eq_any(ids));
    each_backend!(conn, |c| diesel::delete(of_traces).execute(c))?;
    Ok(Vec::new())
}
