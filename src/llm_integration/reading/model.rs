//! What readers get.

use std::collections::BTreeMap;

use crate::{
    kernel::{NanoUsd, PageLimit, Timestamp},
    llm_integration::{
        JsonText, Level, ObjectRef, ObservationId, ObservationKind, TraceId,
        query::{Filter, ObservationColumn, TraceColumn},
    },
};

pub type TraceFilter = Filter<TraceColumn>;
pub type ObservationFilter = Filter<ObservationColumn>;

/// What can be large, of a trace or an observation.
#[derive(Clone, Debug)]
pub struct Io {
    pub metadata: JsonText,
    pub input: Option<JsonText>,
    pub output: Option<JsonText>,
    pub apart: Apart,
}

/// Where an input and output lie of which only the beginning is there.
#[derive(Clone, Debug, Default)]
pub struct Apart {
    pub input: Option<ObjectRef>,
    pub output: Option<ObjectRef>,
}

/// A trace, and what its observations come to.
#[derive(Clone, Debug)]
pub struct FoundTrace {
    pub id: TraceId,
    pub started_at: Timestamp,
    pub name: Option<String>,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub release: Option<String>,
    pub version: Option<String>,
    pub environment: String,
    pub public: bool,
    pub bookmarked: bool,
    pub tags: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// From the trace's start to the last end of its observations.
    pub latency_ms: Option<i64>,
    pub observation_count: i64,
    pub error_count: i64,
    pub total_tokens: i64,
    /// `None` when no cost is known.
    pub total_cost: Option<NanoUsd>,
    /// `None` unless asked for.
    pub io: Option<Io>,
}

/// An observation, and what it takes from its trace.
#[derive(Clone, Debug)]
pub struct FoundObservation {
    pub id: ObservationId,
    pub trace_id: TraceId,
    pub parent_id: Option<ObservationId>,
    pub kind: ObservationKind,
    pub name: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// When the first part of the output arrived.
    pub completion_started_at: Option<Timestamp>,
    pub level: Level,
    pub status_message: Option<String>,
    pub environment: String,
    pub version: Option<String>,
    pub model: Option<String>,
    pub model_parameters: JsonText,
    pub prompt_name: Option<String>,
    pub prompt_version: Option<i32>,
    /// Units by class; the classes do not overlap.
    pub usage: BTreeMap<String, u64>,
    pub usage_estimated: bool,
    pub total_tokens: i64,
    /// Cost by class; empty when it is not known.
    pub cost: BTreeMap<String, NanoUsd>,
    pub total_cost: Option<NanoUsd>,
    pub latency_ms: Option<i64>,
    pub time_to_first_token_ms: Option<i64>,
    pub experiment_id: Option<String>,
    pub experiment_item_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// `None` unless asked for.
    pub io: Option<Io>,
    /// `None` unless asked for, or when nothing was said of the trace yet.
    pub trace: Option<Box<FoundTrace>>,
}

/// A trace with its observations, oldest first.
#[derive(Clone, Debug)]
pub struct TraceDetails {
    pub trace: FoundTrace,
    pub observations: Vec<FoundObservation>,
}

/// The order of a numbered list of traces.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub column: TraceColumn,
    pub ascending: bool,
}

/// A numbered page of traces.
#[derive(Clone, Debug)]
pub struct TraceList {
    pub filter: TraceFilter,
    pub order: Order,
    /// The first is 1.
    pub page: u32,
    pub limit: PageLimit,
    pub io: bool,
}

/// A page of a numbered list, and how many items the list has.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    pub items: Vec<T>,
    pub total: u64,
}

/// A session, and what its traces come to.
#[derive(Clone, Debug)]
pub struct SessionSummary {
    pub id: String,
    pub created_at: Timestamp,
    pub environment: String,
    pub bookmarked: bool,
    pub public: bool,
    pub trace_count: i64,
    pub total_tokens: i64,
    pub total_cost: Option<NanoUsd>,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
}

/// A session with its traces, oldest first.
#[derive(Clone, Debug)]
pub struct SessionDetails {
    pub session: SessionSummary,
    pub traces: Vec<FoundTrace>,
}

/// A user of the application, by what was traced.
#[derive(Clone, Debug)]
pub struct UserSummary {
    pub id: String,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub trace_count: i64,
    pub error_count: i64,
    pub total_tokens: i64,
    pub total_cost: Option<NanoUsd>,
}

/// A whole number of milliseconds in seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact for the next 285,000 years"
)]
pub fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

impl FoundTrace {
    pub fn latency_seconds(&self) -> Option<f64> {
        self.latency_ms.map(seconds)
    }
}

impl FoundObservation {
    pub fn latency_seconds(&self) -> Option<f64> {
        self.latency_ms.map(seconds)
    }

    pub fn time_to_first_token_seconds(&self) -> Option<f64> {
        self.time_to_first_token_ms.map(seconds)
    }

    pub fn is_root(&self) -> bool {
        self.parent_id.is_none()
    }
}

impl FoundTrace {
    /// Gives a trace that says nothing of its own input or output that of its first or last root.
    pub(super) fn take_from_roots<'a>(
        &mut self,
        roots: impl DoubleEndedIterator<Item = &'a Io> + Clone,
    ) {
        if let Some(io) = &mut self.io {
            if io.input.is_none()
                && let Some(root) = roots.clone().find(|root| root.input.is_some())
            {
                io.input.clone_from(&root.input);
                io.apart.input.clone_from(&root.apart.input);
            }
            if io.output.is_none()
                && let Some(root) = roots.rev().find(|root| root.output.is_some())
            {
                io.output.clone_from(&root.output);
                io.apart.output.clone_from(&root.apart.output);
            }
        }
    }
}

impl TraceDetails {
    /// Observations whose parent is not in this trace: it has none, or lives in another system.
    pub(super) fn roots(&self) -> impl DoubleEndedIterator<Item = &FoundObservation> {
        self.observations.iter().filter(|observation| {
            let is_parent =
                |other: &FoundObservation| Some(&other.id) == observation.parent_id.as_ref();
            !self.observations.iter().any(is_parent)
        })
    }
}
