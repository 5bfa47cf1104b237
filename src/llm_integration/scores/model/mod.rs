//! Scores and their configs: types and rules, pure.

mod config;
mod report;
mod score;

pub use config::{Category, NewScoreConfig, ScoreConfig, ScoreConfigChange};
pub use report::{ReportedValue, ScoreReport};
pub use score::{DataType, Score, ScoreSource, ScoreSubject, ScoreValue};
