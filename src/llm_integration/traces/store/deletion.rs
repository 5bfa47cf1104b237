//! Removes traces with everything that belongs to them.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::keys::{self, TraceKey};
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        TraceId,
        traces::{
            merge::Instants,
            schema::{llm_observation, llm_retention, llm_trace, llm_trace_key},
        },
    },
    platform::db::{Conn, DbError, each_backend},
};

/// What is left of a trace whose rows are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::traces) enum Remains {
    /// Nothing: it was kept long enough.
    Nothing,
    /// Its key, so that what is reported of it late does not bring back a part of it.
    Tombstone(Timestamp),
}

/// Removes the rows of these traces; returns the keys of their objects.
pub(in crate::llm_integration::traces) fn delete_traces(
    conn: &mut Conn,
    project: ProjectId,
    ids: &[TraceId],
    remains: Remains,
) -> Result<Vec<String>, DbError> {
    use llm_trace_key as k;

    let ids: Vec<&str> = ids.iter().map(TraceId::as_str).collect();
    let mut keys = keys::lock(conn, project, &ids)?;
    keys.retain(|key| key.deleted_at.is_none());
    let mut objects = delete_rows(conn, project, &keys)?;
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
    objects.sort_unstable();
    objects.dedup();
    Ok(objects)
}

fn delete_rows(
    conn: &mut Conn,
    project: ProjectId,
    keys: &[TraceKey],
) -> Result<Vec<String>, DbError> {
    use {llm_observation as o, llm_trace as t};
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let mut states: Vec<String> = Vec::new();
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
        let removed: Vec<String> = each_backend!(conn, |c| diesel::delete(of_traces)
            .returning(o::state)
            .get_results(c))?;
        states.extend(removed);
    }
    let with_objects = states.iter().filter(|state| state.contains("\"objects\""));
    let mut objects = Vec::new();
    for state in with_objects {
        let state: Instants = serde_json::from_str(state).map_err(|_| DbError::Corrupt {
            what: "state".to_owned(),
        })?;
        objects.extend(state.objects.into_values().map(|object| object.key));
    }
    Ok(objects)
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
