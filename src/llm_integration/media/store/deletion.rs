//! Removes what refers to media, and the media that nothing refers to any more.

use std::collections::BTreeSet;

use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::rows;
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        TraceId,
        media::{
            MediaId,
            model::{OF_OBSERVATION, OF_TRACE},
            schema::{llm_media, llm_media_link},
        },
        traces::{RemovedTraces, schema::llm_trace_key},
    },
    platform::db::{Conn, DbError, each_backend},
};

/// Ids of one IN list: engines take at most 32,766 values.
const IDS_AT_ONCE: usize = 1000;

/// Returns the keys of contents that nothing refers to any more.
pub(in crate::llm_integration) fn delete_of_traces(
    conn: &mut Conn,
    project: ProjectId,
    removed: &RemovedTraces,
) -> Result<Vec<String>, DbError> {
    use llm_media_link as l;
    let traces: Vec<&str> = removed.traces.iter().map(TraceId::as_str).collect();
    let mut media: BTreeSet<String> = BTreeSet::new();
    for ids in traces.chunks(IDS_AT_ONCE) {
        let of_traces = l::table
            .filter(l::project_id.eq(project))
            .filter(l::within_id.eq_any(ids))
            .filter(l::owner_kind.eq_any([OF_TRACE, OF_OBSERVATION]));
        let found: Vec<String> = each_backend!(conn, |c| diesel::delete(of_traces)
            .returning(l::media_id)
            .get_results(c))?;
        media.extend(found);
    }
    let mut objects = Vec::new();
    for id in media {
        objects.extend(delete_if_lonely(conn, project, &MediaId::stored(id))?);
    }
    Ok(objects)
}

/// Whoever refers to the medium now waits until this transaction has ended, and announces it anew.
fn delete_if_lonely(
    conn: &mut Conn,
    project: ProjectId,
    id: &MediaId,
) -> Result<Option<String>, DbError> {
    use {llm_media as m, llm_media_link as l};
    if rows::hold(conn, project, id)?.is_none() {
        return Ok(None);
    }
    let links = l::table
        .filter(l::project_id.eq(m::project_id))
        .filter(l::media_id.eq(m::id));
    let lonely = m::table
        .filter(m::project_id.eq(project))
        .filter(m::id.eq(id.as_str()))
        .filter(not(exists(links)));
    let removed: Vec<Option<String>> = each_backend!(conn, |c| diesel::delete(lonely)
        .returning(m::object_key)
        .get_results(c))?;
    Ok(removed.into_iter().flatten().next())
}

/// Traces that media were announced for before `before`, and that were never heard of.
pub(in crate::llm_integration) fn unheard_traces(
    conn: &mut Conn,
    project: ProjectId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<TraceId>, DbError> {
    use {llm_media_link as l, llm_trace_key as k};
    let heard_of = k::table
        .filter(k::project_id.eq(l::project_id))
        .filter(k::id.eq(l::within_id));
    let ids: Vec<String> = each_backend!(conn, |c| l::table
        .filter(l::project_id.eq(project))
        .filter(l::created_at.lt(before))
        .filter(l::owner_kind.eq_any([OF_TRACE, OF_OBSERVATION]))
        .filter(not(exists(heard_of)))
        .select(l::within_id)
        .distinct()
        .limit(limit)
        .load(c))?;
    Ok(ids.into_iter().map(TraceId::stored).collect())
}
