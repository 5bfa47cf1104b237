//! The endpoints of the gateway and of prices.

mod chat;
mod models;
mod passed;
mod prices;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(chat::complete)
        .service(models::list)
        .service(models::get)
        .service(prices::list)
        .service(prices::put)
        .service(prices::delete);
}
