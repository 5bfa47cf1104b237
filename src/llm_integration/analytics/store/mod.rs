//! Reports as SQL.

mod measures;
mod percentile;
mod plan;
mod run;
mod time;

pub(super) use plan::Plan;
pub(super) use run::run;
