//! What is written to traces: partial reports, which converge to one result in whatever order, and
//! however often, they come.
//!
//! A report says what its sender knew `at` one instant; a field that is `None` or empty says nothing.
//! Of two reports the newer one wins field by field, tags are united, metadata is merged by key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{JsonText, Level, ObservationId, ObservationKind, TraceId};
use crate::kernel::{NanoUsd, Timestamp};

/// One thing that was said of a trace, or of one of its observations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    Trace(TraceReport),
    Observation(ObservationReport),
}

/// What was said of a trace. Start from [`TraceReport::new`] and set what is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceReport {
    pub id: TraceId,
    /// When it was said: of two values for one field the one said later counts.
    pub at: Timestamp,
    /// The earliest that was ever said counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bookmarked: Option<bool>,
    /// Added to those that others said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// An object; merged by key, at every depth. Anything else counts as `{"value": ...}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<JsonText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<JsonText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<JsonText>,
}

/// What was said of an observation. Start from [`ObservationReport::new`] and set what is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationReport {
    pub id: ObservationId,
    /// Its trace, which exists from the first report of one of its observations on.
    pub trace_id: TraceId,
    /// When it was said: of two values for one field the one said later counts.
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ObservationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ObservationKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The earliest that was ever said counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When the first part of the output arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_parameters: Option<JsonText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_version: Option<i32>,
    /// The experiment's run that this was part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment_item_id: Option<String>,
    /// Units by class, such as `input` and `output`; the classes do not overlap. `total`, where it
    /// is given, is what the provider says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub usage: BTreeMap<String, u64>,
    /// Whether `usage` was counted by us rather than told by the provider.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub usage_estimated: bool,
    /// Cost by class as it was reported; empty where we are to compute it from the prices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cost: BTreeMap<String, NanoUsd>,
    /// An object; merged by key, at every depth. Anything else counts as `{"value": ...}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<JsonText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<JsonText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<JsonText>,
}

impl TraceReport {
    /// A report that says only that the trace exists.
    pub const fn new(id: TraceId, at: Timestamp) -> Self {
        Self {
            id,
            at,
            started_at: None,
            name: None,
            user_id: None,
            session_id: None,
            release: None,
            version: None,
            environment: None,
            public: None,
            bookmarked: None,
            tags: Vec::new(),
            metadata: None,
            input: None,
            output: None,
        }
    }
}

impl ObservationReport {
    /// A report that says only that the observation exists.
    pub const fn new(id: ObservationId, trace_id: TraceId, at: Timestamp) -> Self {
        Self {
            id,
            trace_id,
            at,
            parent_id: None,
            kind: None,
            name: None,
            started_at: None,
            ended_at: None,
            completion_started_at: None,
            level: None,
            status_message: None,
            environment: None,
            version: None,
            model: None,
            model_parameters: None,
            prompt_name: None,
            prompt_version: None,
            experiment_id: None,
            experiment_name: None,
            experiment_item_id: None,
            usage: BTreeMap::new(),
            usage_estimated: false,
            cost: BTreeMap::new(),
            metadata: None,
            input: None,
            output: None,
        }
    }
}

impl Report {
    /// The trace that it is part of.
    pub const fn trace_id(&self) -> &TraceId {
        match self {
            Self::Trace(report) => &report.id,
            Self::Observation(report) => &report.trace_id,
        }
    }

    /// Takes its input and output out of it.
    pub(super) fn take_bodies(&mut self) -> (Option<JsonText>, Option<JsonText>) {
        match self {
            Self::Trace(report) => (report.input.take(), report.output.take()),
            Self::Observation(report) => (report.input.take(), report.output.take()),
        }
    }

    /// About how much memory it holds, in bytes.
    pub(super) fn weight(&self) -> usize {
        let (metadata, input, output) = match self {
            Self::Trace(r) => (&r.metadata, &r.input, &r.output),
            Self::Observation(r) => (&r.metadata, &r.input, &r.output),
        };
        let texts = [metadata, input, output].into_iter().flatten();
        size_of::<Self>() + texts.map(JsonText::len).sum::<usize>()
    }
}

impl From<TraceReport> for Report {
    fn from(report: TraceReport) -> Self {
        Self::Trace(report)
    }
}

impl From<ObservationReport> for Report {
    fn from(report: ObservationReport) -> Self {
        Self::Observation(report)
    }
}
