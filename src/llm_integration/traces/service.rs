//! Reading traces and observations.

use std::collections::HashMap;

use super::{
    JsonText, Observation, ObservationFilter, ObservationId, ObservationPosition, Recorder, Trace,
    TraceFilter, TraceId, store,
};
use crate::{
    kernel::{Actor, Cursor, NanoUsd, Page, PageLimit, Permission},
    llm_integration::LlmError,
    platform::db::{Db, DbError},
};

/// What was traced, for those who may read it. Cheap to clone.
#[derive(Clone)]
pub struct Traces {
    db: Db,
    recorder: Recorder,
}

/// A trace with its observations, oldest first.
#[derive(Clone, Debug)]
pub struct TraceDetails {
    pub trace: Trace,
    pub observations: Vec<Observation>,
}

/// A page of a numbered list, and how many items the list has.
#[derive(Clone, Debug)]
pub struct TracePage {
    pub items: Vec<TraceDetails>,
    pub total: u64,
}

/// An observation, and the trace it belongs to.
#[derive(Clone, Debug)]
pub struct FoundObservation {
    pub observation: Observation,
    pub trace: Trace,
}

impl TraceDetails {
    /// From the first start to the last end of its observations, in seconds.
    pub fn latency_seconds(&self) -> Option<f64> {
        let start = self
            .observations
            .iter()
            .map(|observation| observation.started_at)
            .min()?;
        let end = self
            .observations
            .iter()
            .filter_map(|observation| observation.ended_at)
            .max()?;
        Some(end.since(start).as_secs_f64())
    }

    /// The trace's own input, or that of its first root.
    pub fn input(&self) -> Option<&JsonText> {
        self.trace
            .input
            .as_ref()
            .or_else(|| self.roots().find_map(|o| o.input.as_ref()))
    }

    /// The trace's own output, or that of its last root.
    pub fn output(&self) -> Option<&JsonText> {
        self.trace
            .output
            .as_ref()
            .or_else(|| self.roots().rev().find_map(|o| o.output.as_ref()))
    }

    /// Observations whose parent is not in this trace: it has none, or lives in another system.
    fn roots(&self) -> impl DoubleEndedIterator<Item = &Observation> {
        self.observations.iter().filter(|observation| {
            let is_parent = |other: &Observation| Some(&other.id) == observation.parent_id.as_ref();
            !self.observations.iter().any(is_parent)
        })
    }

    /// The sum of what is known; `None` when nothing is.
    pub fn total_cost(&self) -> Option<NanoUsd> {
        let known: Vec<_> = self
            .observations
            .iter()
            .filter_map(|o| o.total_cost)
            .collect();
        (!known.is_empty()).then(|| known.into_iter().sum())
    }
}

impl Traces {
    /// Reads what `recorder` took in, also when that was a moment ago.
    pub fn new(db: Db, recorder: Recorder) -> Self {
        Self { db, recorder }
    }

    pub async fn get(&self, actor: &Actor, id: TraceId) -> Result<TraceDetails, LlmError> {
        actor.require(Permission::TracesRead)?;
        self.recorder.applied().await;
        let project = actor.project;
        self.db
            .read(move |conn| {
                let trace = store::trace(conn, project, &id)?
                    .ok_or_else(|| LlmError::TraceNotFound { id: id.to_string() })?;
                let observations = store::observations_of(conn, project, &[id])?;
                Ok(TraceDetails {
                    trace,
                    observations,
                })
            })
            .await
    }

    /// Page `page` (the first is 1) of the traces that match, newest first.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: TraceFilter,
        page: u32,
        limit: PageLimit,
    ) -> Result<TracePage, LlmError> {
        actor.require(Permission::TracesRead)?;
        self.recorder.applied().await;
        let project = actor.project;
        let offset = i64::from(page.saturating_sub(1)) * i64::from(limit.get());
        self.db
            .read(move |conn| {
                let total = store::count_traces(conn, project, &filter)?;
                let traces = store::traces(conn, project, &filter, offset, i64::from(limit.get()))?;
                let ids: Vec<_> = traces.iter().map(|trace| trace.id.clone()).collect();
                let mut by_trace: HashMap<TraceId, Vec<Observation>> = HashMap::new();
                for observation in store::observations_of(conn, project, &ids)? {
                    by_trace
                        .entry(observation.trace_id.clone())
                        .or_default()
                        .push(observation);
                }
                let with_observations = |trace: Trace| {
                    let observations = by_trace.remove(&trace.id).unwrap_or_default();
                    TraceDetails {
                        trace,
                        observations,
                    }
                };
                let items = traces.into_iter().map(with_observations).collect();
                Ok::<_, DbError>(TracePage {
                    items,
                    total: total.unsigned_abs(),
                })
            })
            .await
            .map_err(LlmError::from)
    }

    pub async fn observation(
        &self,
        actor: &Actor,
        id: ObservationId,
    ) -> Result<Observation, LlmError> {
        actor.require(Permission::TracesRead)?;
        self.recorder.applied().await;
        let project = actor.project;
        self.db
            .read(move |conn| {
                store::observation(conn, project, &id)?
                    .ok_or_else(|| LlmError::ObservationNotFound { id: id.to_string() })
            })
            .await
    }

    /// The observations that match, newest first.
    pub async fn observations(
        &self,
        actor: &Actor,
        filter: ObservationFilter,
        limit: PageLimit,
        cursor: Option<Cursor>,
    ) -> Result<Page<FoundObservation>, LlmError> {
        actor.require(Permission::TracesRead)?;
        self.recorder.applied().await;
        let project = actor.project;
        let after: Option<ObservationPosition> =
            cursor.map(|cursor| cursor.position()).transpose()?;
        let found = self
            .db
            .read(move |conn| {
                store::observations(
                    conn,
                    project,
                    &filter,
                    after.as_ref(),
                    limit.with_lookahead(),
                )
            })
            .await?;
        Ok(Page::from_lookahead(found, limit, |found| {
            ObservationPosition {
                started_at: found.observation.started_at,
                id: found.observation.id.clone(),
            }
        }))
    }
}
