//! Traces and observations: what an application did, kept so that it can be read back.
//!
//! [`Recorder`] writes them, many in one commit; `reading` reads them. A trace and its observations
//! belong to one project and are reached only through its actors.

mod aging;
mod costing;
mod direct;
mod ids;
mod json_text;
mod ledger;
mod limits;
mod merge;
mod model;
mod recorder;
mod report;
mod retention;
pub(super) mod schema;
mod settings;
mod sink;
mod store;
mod writer;

pub use ids::{ObservationId, TraceId};
pub use json_text::JsonText;
pub use ledger::{CallLedger, LedgerPosition};
pub use merge::ObjectRef;
pub(super) use merge::objects_of_state;
pub(super) use model::named;
pub use model::{DEFAULT_ENVIRONMENT, Level, ObservationKind};
pub use recorder::{ChangedTraces, NotStored, Recorder};
pub use report::{ObservationReport, Report, TraceReport};
pub use retention::{RetentionChoice, TraceRetention};
pub use settings::{TraceDurability, TraceSettings};
pub use sink::Sink;
pub(super) use store::{RemovedTraces, Standing, hold_trace, standing};
pub use writer::TraceWriter;
