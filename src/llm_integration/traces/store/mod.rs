//! Rows and queries of traces and observations.

mod apply;
mod keys;
mod stored;

pub(super) use apply::{Applied, apply};
pub(super) use stored::ObservationCost;
