//! Which traces, observations and scores a reader wants: one language for every list, report and
//! export, on both databases.
//!
//! A [`Filter`] is a list of conditions that must all hold. It is parsed from Langfuse's filter JSON
//! or put together from parameters, and becomes SQL in `sql`, where every value is bound.

mod columns;
mod filter;
mod json;
mod sql;

pub use columns::{Column, ColumnKind, ObservationColumn, ScoreColumn, TraceColumn};
pub use filter::{ArrayTest, Compare, Condition, Filter, KeyTest, Test, TextTest};
pub(super) use sql::{OfObservations, OfScores, OfTraces, Scope, View};
