//! The providers that models are called at: where they are, how they are called, what they answer.

mod caller;
mod client;
mod provider;

pub use caller::CallerHeaders;
pub use client::Providers;
pub(super) use client::{WholeAnswer, passed_headers};
pub(super) use provider::{Dialect, Provider};
