//! Rows and queries of traces and observations.

mod apply;
mod deletion;
mod keys;
mod ledger;
mod partitions;
mod replaced;
mod stored;

pub(super) use apply::{Applied, apply};
pub(in crate::llm_integration) use deletion::RemovedTraces;
pub(super) use deletion::{
    Remains, choose_retention, chosen_retention, delete_empty_sessions, delete_tombstones_before,
    delete_traces, projects_with_traces, traces_before,
};
pub(in crate::llm_integration) use keys::{Standing, hold_trace, standing};
pub(super) use ledger::calls;
pub(super) use partitions::{Daily, days_before, drop_empty_day, make_day, missing_days};
pub(super) use stored::ObservationCost;
