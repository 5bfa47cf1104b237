//! `POST /api/public/ingestion`: batches of events, as Langfuse's older SDKs send everything and its
//! newer ones send scores. Each event stands for itself: one that is wrong keeps no other out.

mod batch;
mod endpoint;
mod fields;
mod observation;
mod service;
mod trace;
mod usage;

pub(super) use endpoint::routes;
pub use service::Batches;
pub use usage::usage_details;
