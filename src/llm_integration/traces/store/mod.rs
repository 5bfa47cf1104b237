//! Rows and queries of traces and observations.

mod read;
mod rows;
mod write;

pub(super) use read::{count_traces, observation, observations, observations_of, trace, traces};
pub(super) use write::apply;
