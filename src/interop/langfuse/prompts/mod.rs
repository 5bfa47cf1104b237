//! `/api/public/v2/prompts`: prompts as Langfuse's SDKs read and write them.
//!
//! Checked against langfuse 4.14.3 and 5.0.4 for Python and @langfuse/client 5.11.1. As there,
//! unknown fields of a request are ignored, and chat messages keep role and content only.

mod bodies;
mod endpoints;
mod requests;

pub use endpoints::routes;
