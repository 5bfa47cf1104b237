//! Every endpoint of Langfuse's API that we answer.

use utoipa_actix_web::service_config::ServiceConfig;

use super::prompts;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.configure(prompts::routes);
}
