//! Writes traces and their observations.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{
    read,
    rows::{ObservationRow, TraceRow},
};
use crate::{
    kernel::ProjectId,
    llm_integration::{
        Trace, TraceId, TraceRecord,
        traces::schema::{llm_observation, llm_trace},
    },
    platform::db::{Backend, Conn, DbError, each_backend},
};

/// Rows of one INSERT: PostgreSQL takes at most 65,535 parameters.
const INSERT_ROWS: usize = 1000;

pub(in crate::llm_integration::traces) fn insert(
    conn: &mut Conn,
    records: &[(ProjectId, TraceRecord)],
) -> Result<(), DbError> {
    // In the order of their keys, so that two writers that share traces can not deadlock.
    let mut traces: BTreeMap<(ProjectId, TraceId), Trace> = BTreeMap::new();
    let mut observations = Vec::with_capacity(records.len());
    for (project, TraceRecord { trace, observation }) in records {
        observations.push(ObservationRow::new(*project, observation.clone()));
        let key = (*project, trace.id.clone());
        let merged = match traces.remove(&key) {
            Some(earlier) => earlier.merge(trace.clone()),
            None => trace.clone(),
        };
        traces.insert(key, merged);
    }
    for chunk in observations.chunks(INSERT_ROWS) {
        each_backend!(conn, |c| diesel::insert_into(llm_observation::table)
            .values(chunk)
            .execute(c))?;
    }
    upsert_traces(conn, traces)
}

/// Most traces are new; those that exist are merged with what is stored.
fn upsert_traces(
    conn: &mut Conn,
    traces: BTreeMap<(ProjectId, TraceId), Trace>,
) -> Result<(), DbError> {
    let rows: Vec<_> = traces
        .iter()
        .map(|((project, _), trace)| TraceRow::new(*project, trace.clone()))
        .collect();
    let mut inserted = 0;
    for chunk in rows.chunks(INSERT_ROWS) {
        inserted += each_backend!(conn, |c| {
            diesel::insert_into(llm_trace::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
    }
    if inserted == rows.len() {
        return Ok(());
    }
    for ((project, id), trace) in traces {
        let Some(stored) = lock_trace(conn, project, &id)? else {
            continue;
        };
        // A trace that was inserted just now merges to itself.
        let merged = TraceRow::new(project, stored.merge(trace));
        each_backend!(conn, |c| diesel::update(&merged).set(&merged).execute(c))?;
    }
    Ok(())
}

fn lock_trace(conn: &mut Conn, project: ProjectId, id: &TraceId) -> Result<Option<Trace>, DbError> {
    if let Backend::Pg(c) = conn.backend() {
        // SQLite's one writer holds the whole database already.
        let query = llm_trace::table
            .find((project, id.as_str()))
            .select(llm_trace::id)
            .for_update();
        query.first::<String>(c).optional()?;
    }
    read::trace(conn, project, id)
}
