//! Guardrails: what a project does not let into a model, or out of one.
//!
//! A [`Guard`] looks for something in the texts of a call's input, its output or both, and blocks
//! the call, redacts what it found, or only flags it. [`Guardrails::plan`] chooses those that a call
//! is subject to; the [`GuardPlan`] checks a request, a whole answer, or, through its
//! [`EventGuard`], a stream: what is let out of a stream is what would be let out of the whole.

mod checks;
mod compiled;
mod events;
mod external;
mod finding;
mod model;
mod plan;
mod scan;
mod schema;
mod service;
mod store;
mod text;

pub use events::EventGuard;
pub use finding::{Blocked, Finding};
pub use model::{
    Action, Check, Guard, GuardId, GuardName, NewGuard, Phase, Phases, Scope, WhenUnavailable,
};
pub use plan::{GuardContext, GuardPlan};
pub use scan::PiiKind;
pub use service::{Checked, Guardrails};
pub use text::TextGuard;
