//! What a route is: an alias, and how calls to it find a target. Pure.

mod alias;
mod condition;
mod failure;
mod node;
mod policy;
mod route;

pub use alias::RouteAlias;
pub use condition::{Capability, Condition, Facts, Needs};
pub use failure::{FailureClass, Trigger, Triggers};
pub use node::{Case, Node, StickBy, Target, Variant, Weighed};
pub use policy::{BreakerPolicy, HedgePolicy, Overrides, Policy};
pub use route::{CacheWish, Route, RouteTable, Shadow};
