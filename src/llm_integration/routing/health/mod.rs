//! How providers' models are doing, as this process sees it: latency, calls under way, breakers.

mod breaker;
mod budget;
mod endpoint;
mod latency;
mod registry;

pub use breaker::BreakerState;
pub use budget::RetryBudget;
pub use endpoint::{Endpoint, Entered, Refusal};
pub use registry::Health;
