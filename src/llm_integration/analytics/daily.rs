//! What each day came to: traces, observations, tokens and money, and the share of each model.

use crate::kernel::NanoUsd;

/// What was traced on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyFigures {
    /// In UTC: `2026-03-01`.
    pub date: String,
    /// Traces that began.
    pub traces: u64,
    /// Of the observations that began, whatever day their trace did.
    pub models: Vec<ModelFigures>,
}

/// What the observations of one model came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFigures {
    /// `None` for those that name none.
    pub model: Option<String>,
    pub observations: u64,
    pub traces: u64,
    pub input: u64,
    pub output: u64,
    pub total: u64,
    pub cost: NanoUsd,
}

impl DailyFigures {
    pub const fn of(date: String) -> Self {
        Self {
            date,
            traces: 0,
            models: Vec::new(),
        }
    }

    pub fn observations(&self) -> u64 {
        self.models.iter().map(|model| model.observations).sum()
    }

    pub fn cost(&self) -> NanoUsd {
        self.models.iter().map(|model| model.cost).sum()
    }
}
