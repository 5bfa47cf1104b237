//! Rows and queries of traces and observations.

mod apply;
mod keys;
mod read;
mod rows;
mod stored;

pub(super) use apply::apply;
pub(super) use read::{count_traces, observation, observations, observations_of, trace, traces};
pub(super) use stored::ObservationCost;
