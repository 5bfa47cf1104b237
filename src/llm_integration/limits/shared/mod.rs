//! Counters in Redis, which all replicas share: the same steps as in this process, each one script.

mod counters;

pub(super) use counters::{Away, LEASE, SharedCounters};
