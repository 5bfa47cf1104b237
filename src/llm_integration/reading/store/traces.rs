//! Traces by their keys.

use std::collections::HashMap;

use diesel::{
    dsl::{max, min},
    prelude::*,
};

use super::rows::{ObservationIo, TraceHead, TraceIo};
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        TraceId,
        query::Key,
        reading::{FoundTrace, Io},
        traces::schema::{llm_observation, llm_trace, llm_trace_key},
    },
    platform::db::{Conn, DbError, each_backend},
};

/// Ids of one IN list: engines take at most 32,766 values.
pub const IDS_AT_ONCE: usize = 1000;

/// Between which times these traces began, as far as they are there.
pub fn span_of(
    conn: &mut Conn,
    project: ProjectId,
    ids: &[TraceId],
) -> Result<Option<(Timestamp, Timestamp)>, DbError> {
    let ids: Vec<&str> = ids.iter().map(TraceId::as_str).collect();
    let starts: Vec<Timestamp> = each_backend!(conn, |c| {
        llm_trace_key::table
            .filter(llm_trace_key::project_id.eq(project))
            .filter(llm_trace_key::id.eq_any(ids))
            .filter(llm_trace_key::deleted_at.is_null())
            .select(llm_trace_key::started_at)
            .load(c)
    })?;
    let starts = starts.into_iter();
    Ok(starts.clone().min().zip(starts.max()))
}

/// Traces by their ids, without what can be large.
pub fn heads(
    conn: &mut Conn,
    project: ProjectId,
    ids: &[TraceId],
) -> Result<HashMap<TraceId, FoundTrace>, DbError> {
    let Some((from, to)) = span_of(conn, project, ids)? else {
        return Ok(HashMap::new());
    };
    let mut ids: Vec<&str> = ids.iter().map(TraceId::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut traces = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IDS_AT_ONCE) {
        let rows: Vec<TraceHead> = each_backend!(conn, |c| {
            llm_trace::table
                .filter(llm_trace::project_id.eq(project))
                .filter(llm_trace::id.eq_any(ids))
                .filter(llm_trace::started_at.between(from, to))
                .select(TraceHead::as_select())
                .load(c)
        })?;
        for row in rows {
            let trace = row.into_found()?;
            traces.insert(trace.id.clone(), trace);
        }
    }
    Ok(traces)
}

/// The traces of these keys, in their order. One that went away in between is not there.
pub fn by_keys(
    conn: &mut Conn,
    project: ProjectId,
    keys: &[Key],
    io: bool,
) -> Result<Vec<FoundTrace>, DbError> {
    let Some((from, to)) = span(keys) else {
        return Ok(Vec::new());
    };
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let rows: Vec<TraceHead> = each_backend!(conn, |c| {
        llm_trace::table
            .filter(llm_trace::project_id.eq(project))
            .filter(llm_trace::id.eq_any(&ids))
            .filter(llm_trace::started_at.between(from, to))
            .select(TraceHead::as_select())
            .load(c)
    })?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let trace = row.into_found()?;
        found.insert(trace.id.as_str().to_owned(), trace);
    }
    if io {
        let rows: Vec<TraceIo> = each_backend!(conn, |c| {
            llm_trace::table
                .filter(llm_trace::project_id.eq(project))
                .filter(llm_trace::id.eq_any(&ids))
                .filter(llm_trace::started_at.between(from, to))
                .select(TraceIo::as_select())
                .load(c)
        })?;
        for row in rows {
            if let Some(trace) = found.get_mut(&row.id) {
                trace.io = Some(row.into_io()?);
            }
        }
    }
    Ok(keys
        .iter()
        .filter_map(|key| found.remove(&key.id))
        .collect())
}

/// The earliest and the latest of the keys' times: what partitions need to be looked at.
pub fn span(keys: &[Key]) -> Option<(Timestamp, Timestamp)> {
    let earliest = keys.iter().map(|key| key.at).min()?;
    let latest = keys.iter().map(|key| key.at).max()?;
    Some((earliest, latest))
}

/// Between when the observations of these traces began; `None` when they have none.
pub fn observed(
    conn: &mut Conn,
    project: ProjectId,
    ids: &[&str],
) -> Result<Option<(Timestamp, Timestamp)>, DbError> {
    use llm_trace_key as k;
    let (earliest, latest) = (min(k::first_observed_at), max(k::last_observed_at));
    let found: (Option<Timestamp>, Option<Timestamp>) = each_backend!(conn, |c| {
        k::table
            .filter(k::project_id.eq(project))
            .filter(k::id.eq_any(ids))
            .select((earliest, latest))
            .first(c)
    })?;
    Ok(found.0.zip(found.1))
}

pub fn trace(
    conn: &mut Conn,
    project: ProjectId,
    id: &TraceId,
) -> Result<Option<FoundTrace>, DbError> {
    let at: Option<Timestamp> = each_backend!(conn, |c| {
        llm_trace_key::table
            .find((project, id.as_str()))
            .filter(llm_trace_key::deleted_at.is_null())
            .select(llm_trace_key::started_at)
            .first(c)
            .optional()
    })?;
    let Some(at) = at else {
        return Ok(None);
    };
    let id = id.as_str().to_owned();
    let key = Key {
        at,
        trace_id: id.clone(),
        id,
    };
    let mut found = by_keys(conn, project, &[key], true)?;
    Ok(found.pop())
}

/// Inputs and outputs of observations without a parent, oldest first, with their traces' ids.
pub fn roots_io(
    conn: &mut Conn,
    project: ProjectId,
    traces: &[&str],
) -> Result<Vec<(String, Io)>, DbError> {
    let Some((from, to)) = observed(conn, project, traces)? else {
        return Ok(Vec::new());
    };
    let rows: Vec<ObservationIo> = each_backend!(conn, |c| {
        llm_observation::table
            .filter(llm_observation::project_id.eq(project))
            .filter(llm_observation::trace_id.eq_any(traces))
            .filter(llm_observation::started_at.between(from, to))
            .filter(llm_observation::parent_id.is_null())
            .order((llm_observation::started_at.asc(), llm_observation::id.asc()))
            .select(ObservationIo::as_select())
            .load(c)
    })?;
    rows.into_iter()
        .map(|row| Ok((row.trace_id.clone(), row.into_io()?)))
        .collect()
}
