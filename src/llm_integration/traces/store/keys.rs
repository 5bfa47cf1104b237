//! The rows that say where a trace lies, and that lock it for one writer.
//!
//! Two writers of one trace meet here: the one that comes second waits until the first has committed,
//! and then sees what it wrote. Keys are inserted first and locked then, both in the order of the
//! keys, so that no two writers wait for each other.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        TraceId,
        traces::{
            merge::{Change, Changes},
            schema::llm_trace_key,
        },
    },
    platform::db::{Backend, Conn, DbError, each_backend},
};

/// Rows of one INSERT, and ids of one IN: few enough for both engines' limits of parameters.
pub(super) const KEYS_AT_ONCE: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = llm_trace_key)]
#[diesel(treat_none_as_default_value = false)]
pub(super) struct TraceKey {
    pub project_id: ProjectId,
    pub id: String,
    /// Where the trace's row lies.
    pub started_at: Timestamp,
    /// Where the rows of its observations lie; `None` when it has none.
    pub first_observed_at: Option<Timestamp>,
    pub last_observed_at: Option<Timestamp>,
    /// It was deleted; what is reported of it late does not bring it back.
    pub deleted_at: Option<Timestamp>,
}

impl TraceKey {
    fn of_change((project, id): (ProjectId, &TraceId), change: &Change) -> Self {
        let starts = || change.observations.values().map(|state| state.start.at());
        Self {
            project_id: project,
            id: id.as_str().to_owned(),
            started_at: change.trace.start.at(),
            first_observed_at: starts().min(),
            last_observed_at: starts().max(),
            deleted_at: None,
        }
    }

    /// The key after observations that start between these were written too.
    pub fn widened(&self, started_at: Timestamp, starts: Option<(Timestamp, Timestamp)>) -> Self {
        let (first, last) = starts.unzip();
        let first = [self.first_observed_at, first].into_iter().flatten().min();
        let last = [self.last_observed_at, last].into_iter().flatten().max();
        Self {
            started_at,
            first_observed_at: first,
            last_observed_at: last,
            ..self.clone()
        }
    }
}

/// The keys of traces that were there before, locked until the transaction ends; those of new traces
/// are made.
pub(super) fn claim(
    conn: &mut Conn,
    changes: &Changes,
) -> Result<BTreeMap<(ProjectId, TraceId), TraceKey>, DbError> {
    let keys: Vec<TraceKey> = changes
        .iter()
        .map(|((project, id), change)| TraceKey::of_change((*project, id), change))
        .collect();
    let mut made: BTreeSet<(ProjectId, String)> = BTreeSet::new();
    for chunk in keys.chunks(KEYS_AT_ONCE) {
        let new: Vec<(ProjectId, String)> = each_backend!(conn, |c| {
            diesel::insert_into(llm_trace_key::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .returning((llm_trace_key::project_id, llm_trace_key::id))
                .get_results(c)
        })?;
        made.extend(new);
    }
    let mut of_project: BTreeMap<ProjectId, Vec<&str>> = BTreeMap::new();
    for key in keys
        .iter()
        .filter(|key| !made.contains(&(key.project_id, key.id.clone())))
    {
        of_project.entry(key.project_id).or_default().push(&key.id);
    }
    let mut known = BTreeMap::new();
    for (project, ids) in of_project {
        for chunk in ids.chunks(KEYS_AT_ONCE) {
            for key in lock(conn, project, chunk)? {
                known.insert((project, TraceId::stored(key.id.clone())), key);
            }
        }
    }
    Ok(known)
}

pub(super) fn lock(
    conn: &mut Conn,
    project: ProjectId,
    ids: &[&str],
) -> Result<Vec<TraceKey>, DbError> {
    macro_rules! of_ids {
        () => {
            llm_trace_key::table
                .filter(llm_trace_key::project_id.eq(project))
                .filter(llm_trace_key::id.eq_any(ids))
                .order(llm_trace_key::id)
                .select(TraceKey::as_select())
        };
    }
    Ok(match conn.backend() {
        Backend::Pg(c) => of_ids!().for_update().load(c),
        // Its one writer holds the whole database already.
        Backend::Sqlite(c) => of_ids!().load(c),
    }?)
}

/// Whether the trace is there; if so, nobody removes it before this transaction ends.
pub(in crate::llm_integration) fn hold_trace(
    conn: &mut Conn,
    project: ProjectId,
    id: &str,
) -> Result<bool, DbError> {
    Ok(standing(conn, project, id)? == Standing::There)
}

/// What is known of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::llm_integration) enum Standing {
    Unknown,
    There,
    Deleted,
}

/// What is known of the trace. What is there, or was deleted, stays so until this transaction ends.
pub(in crate::llm_integration) fn standing(
    conn: &mut Conn,
    project: ProjectId,
    id: &str,
) -> Result<Standing, DbError> {
    macro_rules! of_id {
        () => {
            llm_trace_key::table
                .find((project, id))
                .select(llm_trace_key::deleted_at)
        };
    }
    let deleted: Option<Option<Timestamp>> = match conn.backend() {
        Backend::Pg(c) => of_id!().for_share().first(c),
        // Its one writer holds the whole database already.
        Backend::Sqlite(c) => of_id!().first(c),
    }
    .optional()?;
    Ok(match deleted {
        None => Standing::Unknown,
        Some(None) => Standing::There,
        Some(Some(_)) => Standing::Deleted,
    })
}

pub(super) fn update(conn: &mut Conn, key: &TraceKey) -> Result<(), DbError> {
    use llm_trace_key as k;
    each_backend!(conn, |c| {
        diesel::update(k::table.find((key.project_id, &key.id)))
            .set((
                k::started_at.eq(key.started_at),
                k::first_observed_at.eq(key.first_observed_at),
                k::last_observed_at.eq(key.last_observed_at),
                k::deleted_at.eq(key.deleted_at),
            ))
            .execute(c)
    })?;
    Ok(())
}
