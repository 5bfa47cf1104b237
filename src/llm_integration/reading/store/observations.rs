//! Observations by their keys and by their traces.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{
    found::Key,
    rows::{ObservationHead, ObservationIo, TraceHead},
    traces::span,
};
use crate::{
    kernel::ProjectId,
    llm_integration::{
        TraceId,
        reading::FoundObservation,
        traces::schema::{llm_observation, llm_trace, llm_trace_key},
    },
    platform::db::{Conn, DbError, each_backend},
};

/// Ids of one IN list: engines take at most 32,766 values.
const IDS_AT_ONCE: usize = 1000;

/// The observations of these keys, in their order, with their traces where `trace` says so.
pub fn by_keys(
    conn: &mut Conn,
    project: ProjectId,
    keys: &[Key],
    io: bool,
    trace: bool,
) -> Result<Vec<FoundObservation>, DbError> {
    let mut found: HashMap<(String, String), FoundObservation> = HashMap::new();
    for keys in keys.chunks(IDS_AT_ONCE) {
        let Some((from, to)) = span(keys) else {
            continue;
        };
        let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
        let heads: Vec<ObservationHead> = each_backend!(conn, |c| {
            llm_observation::table
                .filter(llm_observation::project_id.eq(project))
                .filter(llm_observation::id.eq_any(&ids))
                .filter(llm_observation::started_at.between(from, to))
                .select(ObservationHead::as_select())
                .load(c)
        })?;
        for head in heads {
            let head = head.into_found()?;
            let key = (
                head.trace_id.as_str().to_owned(),
                head.id.as_str().to_owned(),
            );
            found.insert(key, head);
        }
        if io {
            let rows: Vec<ObservationIo> = each_backend!(conn, |c| {
                llm_observation::table
                    .filter(llm_observation::project_id.eq(project))
                    .filter(llm_observation::id.eq_any(&ids))
                    .filter(llm_observation::started_at.between(from, to))
                    .select(ObservationIo::as_select())
                    .load(c)
            })?;
            for row in rows {
                let key = (row.trace_id.clone(), row.id.clone());
                if let Some(head) = found.get_mut(&key) {
                    head.io = Some(row.into_io()?);
                }
            }
        }
    }
    let mut observations: Vec<_> = keys
        .iter()
        .filter_map(|key| found.remove(&(key.trace_id.clone(), key.id.clone())))
        .collect();
    if trace {
        add_traces(conn, project, &mut observations)?;
    }
    Ok(observations)
}

fn add_traces(
    conn: &mut Conn,
    project: ProjectId,
    observations: &mut [FoundObservation],
) -> Result<(), DbError> {
    let mut ids: Vec<&str> = observations.iter().map(|o| o.trace_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let of_key = llm_trace::project_id
        .eq(llm_trace_key::project_id)
        .and(llm_trace::id.eq(llm_trace_key::id))
        .and(llm_trace::started_at.eq(llm_trace_key::started_at));
    let mut traces = HashMap::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let rows: Vec<TraceHead> = each_backend!(conn, |c| {
            llm_trace_key::table
                .inner_join(llm_trace::table.on(of_key))
                .filter(llm_trace_key::project_id.eq(project))
                .filter(llm_trace_key::id.eq_any(ids))
                .select(TraceHead::as_select())
                .load(c)
        })?;
        for row in rows {
            let trace = row.into_found()?;
            traces.insert(trace.id.clone(), trace);
        }
    }
    for observation in observations {
        let trace = traces.get(&observation.trace_id);
        observation.trace = trace.map(|trace| Box::new(trace.clone()));
    }
    Ok(())
}

/// The keys of the observations of these traces, oldest first.
fn keys_of(conn: &mut Conn, project: ProjectId, traces: &[TraceId]) -> Result<Vec<Key>, DbError> {
    use llm_observation as o;
    let ids: Vec<&str> = traces.iter().map(TraceId::as_str).collect();
    let rows: Vec<(crate::kernel::Timestamp, String, String)> = each_backend!(conn, |c| {
        o::table
            .filter(o::project_id.eq(project))
            .filter(o::trace_id.eq_any(&ids))
            .order((o::started_at.asc(), o::id.asc()))
            .select((o::started_at, o::id, o::trace_id))
            .load(c)
    })?;
    let keys = rows
        .into_iter()
        .map(|(at, id, trace_id)| Key { at, id, trace_id });
    Ok(keys.collect())
}

/// The ids of the observations of these traces, oldest first, by the ids of the traces.
pub fn ids_of(
    conn: &mut Conn,
    project: ProjectId,
    traces: &[TraceId],
) -> Result<HashMap<String, Vec<String>>, DbError> {
    let mut ids: HashMap<String, Vec<String>> = HashMap::new();
    for key in keys_of(conn, project, traces)? {
        ids.entry(key.trace_id).or_default().push(key.id);
    }
    Ok(ids)
}

/// The observations of these traces with everything there is, oldest first.
pub fn of_traces(
    conn: &mut Conn,
    project: ProjectId,
    traces: &[TraceId],
) -> Result<Vec<FoundObservation>, DbError> {
    let keys = keys_of(conn, project, traces)?;
    by_keys(conn, project, &keys, true, false)
}
