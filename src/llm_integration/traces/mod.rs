//! Traces and observations: what an application did, kept so that it can be read back.
//!
//! [`Recorder`] writes them, many in one commit; `reading` reads them. A trace and its observations
//! belong to one project and are reached only through its actors.

mod costing;
mod ids;
mod json_text;
mod limits;
mod merge;
mod model;
mod recorder;
mod report;
pub(super) mod schema;
mod store;

pub use ids::{ObservationId, TraceId};
pub use json_text::JsonText;
pub(super) use model::named;
pub use model::{DEFAULT_ENVIRONMENT, Level, ObservationKind};
pub use recorder::{NotStored, Recorder, TraceWriter};
pub use report::{ObservationReport, Report, TraceReport};
