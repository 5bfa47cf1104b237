//! Writes what is new of many traces in one transaction.
//!
//! What is stored is read under the trace's lock, joined with what is new, and written back where
//! that changed something. So writing the same again, after a crash or because it was sent twice,
//! changes nothing, and several processes can write one trace.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{
    keys::{self, KEYS_AT_ONCE, TraceKey},
    replaced::{delete_observations, delete_traces},
    stored::{Figures, ObservationCost, StoredObservation, StoredTrace, Written},
};
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        DEFAULT_ENVIRONMENT, ObservationId, TraceId,
        traces::{
            merge::{Change, Changes, Instants, ObservationState, TraceState},
            schema::{llm_observation, llm_session, llm_trace},
        },
    },
    platform::{
        background::Pace,
        db::{Conn, DbError, each_backend},
    },
};

/// Rows of one INSERT. More would save little, and hold the processor longer than a caller should wait;
/// SQLite takes at most 32,766 parameters, a row has 32.
const ROWS_AT_ONCE: usize = 32;

/// What an observation costs whose cost was not reported.
pub(in crate::llm_integration::traces) type Price<'a> =
    dyn Fn(ProjectId, &ObservationState) -> ObservationCost + 'a;

/// What a transaction did.
#[derive(Debug, Default)]
pub(in crate::llm_integration::traces) struct Applied {
    /// The traces that changed.
    pub traces: Vec<(ProjectId, TraceId)>,
    /// Objects that no row refers to any more.
    pub replaced_objects: Vec<String>,
}

pub(in crate::llm_integration::traces) fn apply(
    conn: &mut Conn,
    changes: &Changes,
    price: &Price<'_>,
    (now, pace): (Timestamp, Pace),
) -> Result<Applied, DbError> {
    let known = keys::claim(conn, changes)?;
    let mut stored = Stored::load(conn, changes, &known)?;
    let mut writes = Writes::for_all(changes);
    for ((project, id), change) in changes {
        let key = known.get(&(*project, id.clone()));
        if key.is_some_and(|key| key.deleted_at.is_some()) {
            continue;
        }
        let of = Of {
            project: *project,
            id,
            now,
        };
        let deltas = writes.observations_of(of, change, &mut stored, price)?;
        writes.trace_of(of, change, key, &mut stored, &deltas)?;
        pace.step();
    }
    writes.execute(conn, now, pace)
}

/// Whose rows are being made.
#[derive(Clone, Copy)]
struct Of<'a> {
    project: ProjectId,
    id: &'a TraceId,
    now: Timestamp,
}

/// Rows that exist of the traces and observations that change.
#[derive(Default)]
struct Stored {
    traces: BTreeMap<(ProjectId, String), StoredTrace>,
    observations: BTreeMap<(ProjectId, String, String), StoredObservation>,
}

impl Stored {
    fn load(
        conn: &mut Conn,
        changes: &Changes,
        known: &BTreeMap<(ProjectId, TraceId), TraceKey>,
    ) -> Result<Self, DbError> {
        let mut stored = Self::default();
        let mut of_project: BTreeMap<ProjectId, Vec<(&TraceKey, &Change)>> = BTreeMap::new();
        for ((project, id), key) in known {
            if let Some(change) = changes.get(&(*project, id.clone())) {
                of_project.entry(*project).or_default().push((key, change));
            }
        }
        for (project, known) in of_project {
            stored.load_traces(conn, project, &known)?;
            stored.load_observations(conn, project, &known)?;
        }
        Ok(stored)
    }

    fn load_traces(
        &mut self,
        conn: &mut Conn,
        project: ProjectId,
        known: &[(&TraceKey, &Change)],
    ) -> Result<(), DbError> {
        use llm_trace as t;
        for chunk in known.chunks(KEYS_AT_ONCE) {
            let ids = chunk.iter().map(|(key, _)| key.id.as_str());
            let starts = || chunk.iter().map(|(key, _)| key.started_at);
            let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
                continue;
            };
            let rows: Vec<StoredTrace> = each_backend!(conn, |c| {
                t::table
                    .filter(t::project_id.eq(project))
                    .filter(t::id.eq_any(ids))
                    .filter(t::started_at.between(first, last))
                    .select(StoredTrace::as_select())
                    .load(c)
            })?;
            let keyed = rows.into_iter().map(|row| ((project, row.id.clone()), row));
            self.traces.extend(keyed);
        }
        Ok(())
    }

    fn load_observations(
        &mut self,
        conn: &mut Conn,
        project: ProjectId,
        known: &[(&TraceKey, &Change)],
    ) -> Result<(), DbError> {
        use llm_observation as o;
        let observed = || {
            known
                .iter()
                .filter_map(|(key, _)| key.first_observed_at.zip(key.last_observed_at))
        };
        let first = observed().map(|(first, _)| first).min();
        let last = observed().map(|(_, last)| last).max();
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(());
        };
        let ids: Vec<&str> = known
            .iter()
            .filter(|(key, _)| key.first_observed_at.is_some())
            .flat_map(|(_, change)| change.observations.keys().map(ObservationId::as_str))
            .collect();
        for chunk in ids.chunks(KEYS_AT_ONCE) {
            // Several traces can have an observation of one id; each is told apart below.
            let rows: Vec<StoredObservation> = each_backend!(conn, |c| {
                o::table
                    .filter(o::project_id.eq(project))
                    .filter(o::id.eq_any(chunk))
                    .filter(o::started_at.between(first, last))
                    .select(StoredObservation::as_select())
                    .load(c)
            })?;
            self.observations.extend(rows.into_iter().map(|row| {
                let key = (project, row.trace_id.clone(), row.id.clone());
                (key, row)
            }));
        }
        Ok(())
    }
}

/// What changed of a trace's observations.
#[derive(Default)]
struct Deltas {
    /// Figures that are added, and those that they replace.
    figures: Vec<(Figures, Option<Figures>)>,
    /// The first and last start of the rows that are written.
    starts: Option<(Timestamp, Timestamp)>,
}

/// Rows to write, and those that they replace.
#[derive(Default)]
struct Writes {
    traces: Vec<StoredTrace>,
    observations: Vec<StoredObservation>,
    old_traces: Vec<StoredTrace>,
    old_observations: Vec<StoredObservation>,
    keys: Vec<TraceKey>,
    sessions: BTreeMap<(ProjectId, String), String>,
    /// Traces whose last observation may end earlier than it did.
    ends_anew: Vec<(ProjectId, TraceId)>,
    replaced_objects: Vec<String>,
}

impl Writes {
    /// With room for a row of every trace.
    fn for_all(changes: &Changes) -> Self {
        Self {
            traces: Vec::with_capacity(changes.len()),
            observations: Vec::with_capacity(changes.len()),
            ..Self::default()
        }
    }

    fn observations_of(
        &mut self,
        of: Of<'_>,
        change: &Change,
        stored: &mut Stored,
        price: &Price<'_>,
    ) -> Result<Deltas, DbError> {
        let mut deltas = Deltas::default();
        for (id, said) in &change.observations {
            let key = (
                of.project,
                of.id.as_str().to_owned(),
                id.as_str().to_owned(),
            );
            let old = stored.observations.remove(&key);
            let row = match &old {
                None => {
                    let written = Written {
                        created_at: of.now,
                        updated_at: of.now,
                    };
                    let cost = cost_of(of.project, said, None, price)?;
                    StoredObservation::new(of.project, (of.id, id), said, &cost, written)
                }
                Some(old) => {
                    let before = old.state()?;
                    let mut after = before.clone();
                    after.join(said.clone());
                    if after == before {
                        continue;
                    }
                    let written = Written {
                        created_at: old.created_at,
                        updated_at: of.now,
                    };
                    let cost = cost_of(of.project, &after, Some((old, &before)), price)?;
                    self.note_replaced(&old.state, &after.instants());
                    StoredObservation::new(of.project, (of.id, id), &after, &cost, written)
                }
            };
            let replaced = old.as_ref().map(StoredObservation::figures);
            deltas.figures.push((row.figures(), replaced));
            let (first, last) = deltas.starts.unwrap_or((row.started_at, row.started_at));
            deltas.starts = Some((first.min(row.started_at), last.max(row.started_at)));
            self.observations.push(row);
            self.old_observations.extend(old);
        }
        Ok(deltas)
    }

    fn trace_of(
        &mut self,
        of: Of<'_>,
        change: &Change,
        key: Option<&TraceKey>,
        stored: &mut Stored,
        deltas: &Deltas,
    ) -> Result<(), DbError> {
        let old = stored
            .traces
            .remove(&(of.project, of.id.as_str().to_owned()));
        let before = old.as_ref().map(StoredTrace::state).transpose()?;
        let mut after = before.clone().unwrap_or_else(|| change.trace.clone());
        after.join(change.trace.clone());
        let old_figures = old.as_ref().map(StoredTrace::figures).unwrap_or_default();
        let (figures, ends_earlier) = added(old_figures, &deltas.figures);
        if ends_earlier {
            self.ends_anew.push((of.project, of.id.clone()));
        }
        if let Some(key) = key {
            let widened = key.widened(after.start.at(), deltas.starts);
            if widened != *key {
                self.keys.push(widened);
            }
        }
        if before.as_ref() == Some(&after) && figures == old_figures && !ends_earlier {
            return Ok(());
        }
        self.note_session(of.project, &after);
        let written = Written {
            created_at: old.as_ref().map_or(of.now, |old| old.created_at),
            updated_at: of.now,
        };
        if let Some(old) = &old {
            self.note_replaced(&old.state, &after.instants());
        }
        self.traces.push(StoredTrace::new(
            of.project, of.id, &after, &figures, written,
        ));
        self.old_traces.extend(old);
        Ok(())
    }

    fn note_session(&mut self, project: ProjectId, state: &TraceState) {
        let Some(session) = state.session_id.get() else {
            return;
        };
        let environment = state
            .environment
            .get()
            .map_or(DEFAULT_ENVIRONMENT, String::as_str);
        self.sessions
            .entry((project, session.clone()))
            .or_insert_with(|| environment.to_owned());
    }

    /// Objects of the old row that the new one does not refer to.
    fn note_replaced(&mut self, old_state: &str, new: &Instants) {
        let Ok(old) = serde_json::from_str::<Instants>(old_state) else {
            return;
        };
        let kept = |key: &String| new.objects.values().any(|object| object.key == *key);
        let keys = old.objects.into_values().map(|object| object.key);
        self.replaced_objects.extend(keys.filter(|key| !kept(key)));
    }

    fn execute(self, conn: &mut Conn, now: Timestamp, pace: Pace) -> Result<Applied, DbError> {
        delete_observations(conn, &self.old_observations)?;
        for chunk in self.observations.chunks(ROWS_AT_ONCE) {
            each_backend!(conn, |c| diesel::insert_into(llm_observation::table)
                .values(chunk)
                .execute(c))?;
            pace.step();
        }
        delete_traces(conn, &self.old_traces)?;
        for chunk in self.traces.chunks(ROWS_AT_ONCE) {
            each_backend!(conn, |c| diesel::insert_into(llm_trace::table)
                .values(chunk)
                .execute(c))?;
            pace.step();
        }
        for key in &self.keys {
            keys::update(conn, key)?;
            pace.step();
        }
        for (project, trace) in &self.ends_anew {
            set_end(conn, *project, trace)?;
        }
        insert_sessions(conn, self.sessions, now)?;
        Ok(Applied {
            traces: self
                .traces
                .into_iter()
                .map(|row| (row.project_id, TraceId::stored(row.id)))
                .collect(),
            replaced_objects: self.replaced_objects,
        })
    }
}

/// A reported cost counts; a computed one stays while what it was computed from does.
fn cost_of(
    project: ProjectId,
    state: &ObservationState,
    old: Option<(&StoredObservation, &ObservationState)>,
    price: &Price<'_>,
) -> Result<ObservationCost, DbError> {
    if let Some(reported) = state.cost.get() {
        return Ok(ObservationCost::of(reported.clone()));
    }
    match old {
        Some((row, before)) if before.model == state.model && before.usage == state.usage => {
            row.cost()
        }
        _ => Ok(price(project, state)),
    }
}

/// The figures after these changes, and whether the last end may have become earlier.
fn added(mut all: Figures, deltas: &[(Figures, Option<Figures>)]) -> (Figures, bool) {
    let mut ends_earlier = false;
    for (new, old) in deltas {
        let old = old.unwrap_or_default();
        all.observations += new.observations - old.observations;
        all.errors += new.errors - old.errors;
        all.tokens = all
            .tokens
            .saturating_add(new.tokens)
            .saturating_sub(old.tokens);
        if new.cost.is_some() || old.cost.is_some() {
            let delta = new.cost.unwrap_or(0).saturating_sub(old.cost.unwrap_or(0));
            all.cost = Some(all.cost.unwrap_or(0).saturating_add(delta));
        }
        ends_earlier |=
            old.ended_at.is_some() && old.ended_at == all.ended_at && new.ended_at < old.ended_at;
        all.ended_at = all.ended_at.max(new.ended_at);
    }
    (all, ends_earlier)
}

fn set_end(conn: &mut Conn, project: ProjectId, trace: &TraceId) -> Result<(), DbError> {
    use {llm_observation as o, llm_trace as t};
    let end: Option<Timestamp> = each_backend!(conn, |c| {
        o::table
            .filter(o::project_id.eq(project))
            .filter(o::trace_id.eq(trace.as_str()))
            .filter(o::ended_at.is_not_null())
            .order(o::ended_at.desc())
            .select(o::ended_at)
            .first::<Option<Timestamp>>(c)
            .optional()
    })?
    .flatten();
    let start: Timestamp = each_backend!(conn, |c| {
        t::table
            .find((project, trace.as_str()))
            .select(t::started_at)
            .first(c)
    })?;
    let latency = end.map(|end| super::stored::millis(start, end));
    each_backend!(conn, |c| {
        diesel::update(t::table.find((project, trace.as_str())))
            .set((t::ended_at.eq(end), t::latency_ms.eq(latency)))
            .execute(c)
    })?;
    Ok(())
}

fn insert_sessions(
    conn: &mut Conn,
    sessions: BTreeMap<(ProjectId, String), String>,
    now: Timestamp,
) -> Result<(), DbError> {
    use llm_session as s;
    let rows: Vec<_> = sessions
        .into_iter()
        .map(|((project, id), environment)| {
            (
                s::project_id.eq(project),
                s::id.eq(id),
                s::created_at.eq(now),
                s::environment.eq(environment),
                s::bookmarked.eq(false),
                s::public.eq(false),
            )
        })
        .collect();
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        each_backend!(conn, |c| {
            diesel::insert_into(s::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
    }
    Ok(())
}
