//! The rules by which reports of one trace or observation become one: pure, and free of order.
//!
//! A state is what all reports so far come to. [`TraceState::join`] and [`ObservationState::join`]
//! are commutative, associative and idempotent, so any order, repetition and batching of the same
//! reports gives the same state:
//!
//! - of two values for one field the one said later counts, at the same instant the greater one;
//!   what is not said never overwrites;
//! - the earliest start counts; tags are united; metadata is merged by key, at every depth;
//! - a kind is only ever refined: `SPAN`, and the environment `default`, give way to any other;
//! - a trace exists from the first report of one of its observations on.

mod body;
mod changes;
mod instants;
mod metadata;
mod observation;
mod register;
mod start;
mod trace;

#[cfg(test)]
mod convergence;

pub(super) use body::Body;
pub use body::ObjectRef;
pub(in crate::llm_integration) use body::objects_of_state;
pub(super) use changes::{Change, Changes, Placed, gather};
pub(super) use instants::Instants;
pub(super) use metadata::Metadata;
pub(super) use observation::ObservationState;
pub(super) use register::Register;
pub(super) use start::Start;
pub(super) use trace::TraceState;
