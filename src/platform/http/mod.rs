//! The HTTP shell around every context's endpoints: who asks, limits, one shape of errors for each
//! surface, idempotency, request ids, metrics, health and the OpenAPI document.

mod auth;
mod docs;
mod endpoints;
mod errors;
mod extract;
mod form;
mod health;
mod idempotency;
mod limits;
mod metrics;
mod public_url;
mod request_id;
mod server;
mod settings;
mod shell;
mod surface;
mod trace_context;

pub use auth::{Authenticate, Credentials, Granted, Requires, may};
pub use docs::openapi;
pub use endpoints::Endpoints;
pub use errors::{ErrorBody, ErrorDetail};
pub use extract::path_id;
pub use health::HealthReport;
pub(super) use idempotency::delete_answers_before;
pub use public_url::PublicUrl;
pub use server::{ServerParts, bind, serve};
pub use settings::ServerSettings;
pub use surface::{RenderBinary, Surface, Surfaces};
