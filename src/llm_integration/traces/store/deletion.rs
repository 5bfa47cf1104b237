//! Removes traces with everything that belongs to them.

use std::collections::BTreeMap;

use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::keys::{self, TraceKey};
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        TraceId,
        traces::{
            objects_of_state,
            schema::{llm_observation, llm_retention, llm_session, llm_trace, llm_trace_key},
        },
    },
    platform::db::{Conn, DbError, each_backend},
};

/// What was removed.
#[derive(Clone, Debug, Default)]
pub(in crate::llm_integration) struct RemovedTraces {
    /// Those that were asked for, also where no row of theirs was left.
    pub traces: Vec<TraceId>,
    /// The ids of their observations.
    pub observations: Vec<String>,
    /// The keys of their objects.
    pub objects: Vec<String>,
}

/// What is left of a trace whose rows are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::traces) enum Remains {
    /// Nothing: it was kept long enough.
    Nothing,
    /// Its key, so that what is reported of it late does not bring back a part of it.
    Tombstone(Timestamp),
}

/// Removes the rows of these traces.
pub(in crate::llm_integration::traces) fn delete_traces(
    conn: &mut Conn,
    project: ProjectId,
    traces: Vec<TraceId>,
    remains: Remains,
) -> Result<RemovedTraces, DbError> {
    use llm_trace_key as k;

    let ids: Vec<&str> = traces.iter().map(TraceId::as_str).collect();
    let mut keys = keys::lock(conn, project, &ids)?;
    keys.retain(|key| key.deleted_at.is_none());
    let mut removed = delete_rows(conn, project, &keys)?;
    let found: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let of_traces = k::table
        .filter(k::project_id.eq(project))
        .filter(k::id.eq_any(&found));
    match remains {
        Remains::Nothing => each_backend!(conn, |c| diesel::delete(of_traces).execute(c))?,
        Remains::Tombstone(now) => each_backend!(conn, |c| {
            diesel::update(of_traces)
                .set((
                    k::deleted_at.eq(Some(now)),
                    k::first_observed_at.eq(None::<Timestamp>),
                    k::last_observed_at.eq(None::<Timestamp>),
                ))
                .execute(c)
        })?,
    };
    removed.objects.sort_unstable();
    removed.objects.dedup();
    removed.traces = traces;
    Ok(removed)
}

fn delete_rows(
    conn: &mut Conn,
    project: ProjectId,
    keys: &[TraceKey],
) -> Result<RemovedTraces, DbError> {
    use {llm_observation as o, llm_trace as t};
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let mut states: Vec<String> = Vec::new();
    let mut observations: Vec<String> = Vec::new();
    let traces = || keys.iter().map(|key| key.started_at);
    if let Some((first, last)) = traces().min().zip(traces().max()) {
        let of_traces = t::table
            .filter(t::project_id.eq(project))
            .filter(t::id.eq_any(ids.clone()))
            .filter(t::started_at.between(first, last));
        let removed: Vec<String> = each_backend!(conn, |c| diesel::delete(of_traces)
            .returning(t::state)
            .get_results(c))?;
        states.extend(removed);
    }
    let first = keys.iter().filter_map(|key| key.first_observed_at).min();
    let last = keys.iter().filter_map(|key| key.last_observed_at).max();
    if let Some((first, last)) = first.zip(last) {
        let of_traces = o::table
            .filter(o::project_id.eq(project))
            .filter(o::trace_id.eq_any(ids))
            .filter(o::started_at.between(first, last));
        let removed: Vec<(String, String)> = each_backend!(conn, |c| diesel::delete(of_traces)
            .returning((o::id, o::state))
            .get_results(c))?;
        for (id, state) in removed {
            observations.push(id);
            states.push(state);
        }
    }
    let mut objects = Vec::new();
    for state in &states {
        let found = objects_of_state(state).map_err(|_| DbError::Corrupt {
            what: "state".to_owned(),
        })?;
        objects.extend(found.into_values().map(|object| object.key));
    }
    Ok(RemovedTraces {
        traces: Vec::new(),
        observations,
        objects,
    })
}

/// Traces of a project that began before `before`, the oldest first.
pub(in crate::llm_integration::traces) fn traces_before(
    conn: &mut Conn,
    project: ProjectId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<TraceId>, DbError> {
    use llm_trace as t;
    let ids: Vec<String> = each_backend!(conn, |c| {
        t::table
            .filter(t::project_id.eq(project))
            .filter(t::started_at.lt(before))
            .order((t::started_at.asc(), t::id.asc()))
            .limit(limit)
            .select(t::id)
            .load(c)
    })?;
    Ok(ids.into_iter().map(TraceId::stored).collect())
}

/// Removes what is left of traces that were deleted before `before`.
pub(in crate::llm_integration::traces) fn delete_tombstones_before(
    conn: &mut Conn,
    before: Timestamp,
) -> Result<usize, DbError> {
    use llm_trace_key as k;
    let old = k::table.filter(k::deleted_at.lt(before));
    Ok(each_backend!(conn, |c| diesel::delete(old).execute(c))?)
}

/// The days that projects chose for themselves.
pub(in crate::llm_integration::traces) fn chosen_retention(
    conn: &mut Conn,
) -> Result<BTreeMap<ProjectId, i32>, DbError> {
    use llm_retention as r;
    let chosen: Vec<(ProjectId, i32)> =
        each_backend!(conn, |c| r::table.select((r::project_id, r::days)).load(c))?;
    Ok(chosen.into_iter().collect())
}

/// Sets, or with `None` forgets, how long a project keeps its traces.
pub(in crate::llm_integration::traces) fn choose_retention(
    conn: &mut Conn,
    project: ProjectId,
    days: Option<i32>,
    now: Timestamp,
) -> Result<(), DbError> {
    use llm_retention as r;
    let of_project = r::table.find(project);
    each_backend!(conn, |c| diesel::delete(of_project).execute(c))?;
    if let Some(days) = days {
        let row = (
            r::project_id.eq(project),
            r::days.eq(days),
            r::updated_at.eq(now),
        );
        each_backend!(conn, |c| diesel::insert_into(r::table)
            .values(row)
            .execute(c))?;
    }
    Ok(())
}

/// Removes sessions that began before `before` and have no trace any more; returns their ids.
pub(in crate::llm_integration::traces) fn delete_empty_sessions(
    conn: &mut Conn,
    project: ProjectId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<String>, DbError> {
    use {llm_session as s, llm_trace as t};
    let traces = t::table
        .filter(t::project_id.eq(s::project_id))
        .filter(t::session_id.eq(s::id.nullable()));
    let ids: Vec<String> = each_backend!(conn, |c| s::table
        .filter(s::project_id.eq(project))
        .filter(s::created_at.lt(before))
        .filter(not(exists(traces)))
        .select(s::id)
        .limit(limit)
        .load(c))?;
    let empty = s::table
        .filter(s::project_id.eq(project))
        .filter(s::id.eq_any(&ids));
    each_backend!(conn, |c| diesel::delete(empty).execute(c))?;
    Ok(ids)
}

/// Every project that has traces.
pub(in crate::llm_integration::traces) fn projects_with_traces(
    conn: &mut Conn,
) -> Result<Vec<ProjectId>, DbError> {
    use llm_trace_key as k;
    Ok(each_backend!(conn, |c| k::table
        .select(k::project_id)
        .distinct()
        .load(c))?)
}
