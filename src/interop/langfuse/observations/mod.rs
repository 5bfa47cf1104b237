//! Observations as Langfuse's SDKs read them: whole ones in numbered pages (generation 4), and the
//! cursor list of generation 5 with its groups of fields.

mod bodies;
mod endpoints;
mod groups;
mod requests;

pub(super) use bodies::ObservationBody;
pub(super) use endpoints::routes;
