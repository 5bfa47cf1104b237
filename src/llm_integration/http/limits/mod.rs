//! Endpoints of limits and of keys' policies.

mod bodies;
pub(super) mod policies;
pub(super) mod rules;
