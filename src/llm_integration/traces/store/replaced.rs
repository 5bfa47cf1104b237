//! Removes rows that others are written in place of. They are found by their start too, so that only the partitions of
//! those days are touched.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{
    keys::KEYS_AT_ONCE,
    stored::{StoredObservation, StoredTrace},
};
use crate::{
    kernel::ProjectId,
    llm_integration::traces::schema::{llm_observation, llm_trace},
    platform::db::{Conn, DbError, each_backend},
};

pub(super) fn delete_observations(
    conn: &mut Conn,
    old: &[StoredObservation],
) -> Result<(), DbError> {
    use llm_observation as o;
    let mut of_trace: BTreeMap<(ProjectId, &str), Vec<&StoredObservation>> = BTreeMap::new();
    for row in old {
        of_trace
            .entry((row.project_id, &row.trace_id))
            .or_default()
            .push(row);
    }
    for ((project, trace), rows) in of_trace {
        for chunk in rows.chunks(KEYS_AT_ONCE) {
            let ids = chunk.iter().map(|row| row.id.as_str());
            let starts = || chunk.iter().map(|row| row.started_at);
            let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
                continue;
            };
            let old = o::table
                .filter(o::project_id.eq(project))
                .filter(o::trace_id.eq(trace))
                .filter(o::id.eq_any(ids))
                .filter(o::started_at.between(first, last));
            each_backend!(conn, |c| diesel::delete(old).execute(c))?;
        }
    }
    Ok(())
}

pub(super) fn delete_traces(conn: &mut Conn, old: &[StoredTrace]) -> Result<(), DbError> {
    use llm_trace as t;
    let mut of_project: BTreeMap<ProjectId, Vec<&StoredTrace>> = BTreeMap::new();
    for row in old {
        of_project.entry(row.project_id).or_default().push(row);
    }
    for (project, rows) in of_project {
        for chunk in rows.chunks(KEYS_AT_ONCE) {
            let ids = chunk.iter().map(|row| row.id.as_str());
            let starts = || chunk.iter().map(|row| row.started_at);
            let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
                continue;
            };
            let old = t::table
                .filter(t::project_id.eq(project))
                .filter(t::id.eq_any(ids))
                .filter(t::started_at.between(first, last));
            each_backend!(conn, |c| diesel::delete(old).execute(c))?;
        }
    }
    Ok(())
}
