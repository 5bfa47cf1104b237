//! Scores: what somebody or something thinks of a trace, an observation, a session or a run of a
//! data set; and the configs that say which values are allowed.
//!
//! [`Scores::record`] takes scores in, however they arrive: a report with the id of an earlier one
//! replaces it, so that a client may send it again.

mod model;
mod schema;
mod service;
mod store;

pub use model::{
    Category, DataType, NewScoreConfig, ReportedValue, Score, ScoreConfig, ScoreConfigChange,
    ScoreReport, ScoreSource, ScoreSubject, ScoreValue,
};
pub use service::{ScoreFilter, Scores};
pub(super) use store::{delete_of_sessions, delete_of_traces, unheard_traces};
