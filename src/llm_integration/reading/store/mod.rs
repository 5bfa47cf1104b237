//! Queries of what was traced.

mod observations;
mod rows;
mod sessions;
mod traces;

pub(super) use observations::{by_keys as observations, ids_of as observation_ids_of, of_traces};
pub use sessions::SessionFilter;
pub(super) use sessions::{count_sessions, session, sessions, users};
pub(super) use traces::{by_keys as traces, heads, roots_io, span_of, trace};
