//! Langfuse's public API (`/api/public/...`), as its SDKs use it; one file a resource.

mod prompts;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.configure(prompts::routes);
}
