//! Which traces and observations a reader wants.

use serde::{Deserialize, Serialize};

use super::{Level, ObservationId, ObservationKind, TraceId};
use crate::kernel::Timestamp;

/// Every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct TraceFilter {
    pub name: Option<String>,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub release: Option<String>,
    pub version: Option<String>,
    /// Any of them; empty = all.
    pub environments: Vec<String>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
    pub oldest_first: bool,
}

/// Every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct ObservationFilter {
    pub trace_id: Option<TraceId>,
    pub kind: Option<ObservationKind>,
    pub level: Option<Level>,
    pub name: Option<String>,
    pub version: Option<String>,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub parent: Option<ParentIs>,
    /// Any of them; empty = all.
    pub environments: Vec<String>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

/// Where an observation stands in its trace.
#[derive(Clone, Debug)]
pub enum ParentIs {
    None,
    Some,
    Observation(ObservationId),
}

/// The sort key of a list of observations, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObservationPosition {
    pub(in crate::llm_integration::traces) started_at: Timestamp,
    pub(in crate::llm_integration::traces) id: ObservationId,
}
