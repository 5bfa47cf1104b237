//! Reads what was traced: traces, observations, sessions and users, by any filter of `query`.
//!
//! A list finds the ids of its page with SQL that its filter shapes, and then loads those rows by
//! type. Inputs, outputs and metadata can be large: they are loaded only for who asks for them.

mod bodies;
mod model;
mod service;
mod sessions;
mod store;

pub use model::{
    Apart, FoundObservation, FoundTrace, Io, ObservationFilter, Order, Paged, SessionDetails,
    SessionSummary, TraceDetails, TraceFilter, TraceList, UserSummary,
};
pub use service::{Traces, Wanted};
pub use store::SessionFilter;
