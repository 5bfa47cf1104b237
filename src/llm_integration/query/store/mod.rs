//! Filters and columns as SQL, the same answers on both engines.
//!
//! Texts compare by their bytes, an absent value passes only tests that deny, and amounts are in the
//! units that readers use: seconds and US dollars.

mod found;
mod observations;
mod scope;
mod scores;
mod tests;
mod traces;

pub use found::{After, Cut, Key, count, page};
pub use observations::OfObservations;
pub use scope::{Scope, View};
pub use scores::OfScores;
pub use traces::OfTraces;
