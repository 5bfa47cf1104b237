//! Which endpoints there are.

use utoipa_actix_web::service_config::ServiceConfig;

use super::{chat, embeddings, models, prices, providers, routing};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(chat::complete)
        .service(embeddings::create)
        .service(models::list)
        .service(models::get)
        .service(providers::list)
        .service(providers::get)
        .service(providers::put)
        .service(providers::delete)
        .service(providers::test)
        .service(prices::list)
        .service(prices::put)
        .service(prices::delete)
        .service(routing::list)
        .service(routing::get)
        .service(routing::put)
        .service(routing::delete);
}
