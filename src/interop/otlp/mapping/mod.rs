//! What spans mean: from the attributes of many vocabularies to reports of traces and observations.
//!
//! Pure, and driven by tables. One file a vocabulary (`langfuse`, `genai`, `openinference`, `vercel`,
//! `frameworks`), one file a field or group of fields that asks the vocabularies in order (`kind`,
//! `io`, `usage`, `details`, `trace`, `metadata`). What no field was read from stays in the metadata.

mod attributes;
mod details;
mod experiment;
mod flattened;
mod frameworks;
mod genai;
mod ids;
mod io;
mod kind;
mod langfuse;
mod metadata;
mod openinference;
mod reports;
mod scores;
mod trace;
mod usage;
mod vercel;
mod view;

pub use ids::BadId;
pub use reports::{Mapped, map};
pub use scores::{ScoredAs, SpanScore};
pub use view::Sender;
