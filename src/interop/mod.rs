//! Façades: other products' APIs, told in terms of our contexts. They hold no state and no rules.

mod captured;
mod intake;
mod label;
pub mod langfuse;
pub mod otlp;
mod settings;

pub use intake::Intake;
pub use settings::IngestSettings;
