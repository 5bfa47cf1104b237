//! Observations by their keys and by their traces.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{
    rows::{ObservationHead, ObservationIo},
    traces::{IDS_AT_ONCE, heads, observed, span},
};
use crate::{
    kernel::ProjectId,
    llm_integration::{
        TraceId, query::Key, reading::FoundObservation, traces::schema::llm_observation,
    },
    platform::db::{Conn, DbError, each_backend},
};

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
    let ids: Vec<_> = observations.iter().map(|o| o.trace_id.clone()).collect();
    let traces = heads(conn, project, &ids)?;
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
    let Some((from, to)) = observed(conn, project, &ids)? else {
        return Ok(Vec::new());
    };
    let rows: Vec<(crate::kernel::Timestamp, String, String)> = each_backend!(conn, |c| {
        o::table
            .filter(o::project_id.eq(project))
            .filter(o::trace_id.eq_any(&ids))
            .filter(o::started_at.between(from, to))
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
