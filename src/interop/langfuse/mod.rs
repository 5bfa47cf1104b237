//! Langfuse's public API, as its SDKs of the generations 4 and 5 use it. One file a resource.

mod observations;
mod query;
mod surface;
mod traces;

use utoipa_actix_web::service_config::ServiceConfig;

pub use surface::LANGFUSE;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(traces::list)
        .service(traces::get)
        .service(observations::get)
        .service(observations::list_v2);
}
