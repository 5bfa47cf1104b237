//! Which endpoints there are.

use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    chat,
    limits::{policies, rules},
    models, prices, routing,
};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(chat::complete)
        .service(models::list)
        .service(models::get)
        .service(rules::list)
        .service(rules::create)
        .service(rules::usage)
        .service(rules::get)
        .service(rules::put)
        .service(rules::delete)
        .service(policies::get)
        .service(policies::put)
        .service(policies::delete)
        .service(prices::list)
        .service(prices::put)
        .service(prices::delete)
        .service(routing::list)
        .service(routing::get)
        .service(routing::put)
        .service(routing::delete);
}
