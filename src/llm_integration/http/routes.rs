//! Which endpoints there are.

use utoipa_actix_web::service_config::ServiceConfig;

use super::{cache, chat, guardrails, models, prices, reconciliation, routing};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(chat::complete)
        .service(models::list)
        .service(models::get)
        .service(prices::list)
        .service(prices::put)
        .service(prices::delete)
        .service(cache::purge)
        .service(reconciliation::reconcile)
        .service(guardrails::list)
        .service(guardrails::create)
        .service(guardrails::try_text)
        .service(guardrails::get)
        .service(guardrails::replace)
        .service(guardrails::delete)
        .service(routing::list)
        .service(routing::get)
        .service(routing::put)
        .service(routing::delete);
}
