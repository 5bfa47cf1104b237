//! The worker's side: starts children, relays what they ask for, keeps the limits, and passes pages on in order. Whoever shows a
//! page has it drawn by such a child too.

mod drawing;
mod engines;
mod health;
mod relay;
mod run;
mod stream;

pub use health::Engines;
pub use run::Extractor;
pub use stream::{Frame, Frames};
