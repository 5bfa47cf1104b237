//! Reports as SQL.

mod daily;
mod measures;
mod percentile;
mod plan;
mod run;
mod time;

pub(super) use daily::daily;
pub(super) use plan::Plan;
pub(super) use run::run;
