//! Routing: which model of which provider answers a call, and what happens when it does not.
//!
//! A [`Route`] is an alias and a tree of choices. A [`Planner`] makes of it, and of what is known of
//! a call, a [`Plan`]: targets in the order in which they are tried, each with the reasons to go on
//! to another. [`Health`] knows how targets are doing, [`Routes`] holds what projects have set.

mod backoff;
mod chance;
mod health;
mod model;
mod plan;
mod schema;
mod service;
mod store;

pub use backoff::pause;
pub use health::{BreakerState, Endpoint, Entered, Health, Refusal, RetryBudget};
pub use model::{
    BreakerPolicy, CacheWish, Capability, Case, Condition, Facts, FailureClass, HedgePolicy, Needs,
    Node, Overrides, Policy, Route, RouteAlias, RouteTable, Shadow, StickBy, Target, Trigger,
    Triggers, Variant, Weighed,
};
pub use plan::{Candidate, Outlook, Plan, Planner};
pub use service::{RouteEntry, Routes, StoredRoute};
