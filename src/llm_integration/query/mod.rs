//! Which traces, observations and scores a reader wants: one language for every list, report and
//! export, on both databases.
//!
//! A [`Filter`] is a list of conditions that must all hold. It is parsed from Langfuse's filter JSON
//! or put together from parameters, and becomes SQL in `store`, where every value is bound.

mod columns;
mod filter;
mod json;
mod store;

pub use columns::{Column, ColumnKind, ObservationColumn, ScoreColumn, TraceColumn};
pub use filter::{ArrayTest, Compare, Condition, Filter, KeyTest, Test, TextTest};
pub(super) use store::{
    After, Cut, Key, OfObservations, OfScores, OfTraces, Scope, View, count, page,
};
