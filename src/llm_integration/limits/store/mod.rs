//! Rows and queries of limits.

pub(super) mod allowances;
pub(super) mod policies;
pub(super) mod rules;
