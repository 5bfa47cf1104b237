//! Every endpoint of answers.

use utoipa_actix_web::service_config::ServiceConfig;

use super::{ask, threads};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(ask::ask)
        .service(threads::list_threads)
        .service(threads::get_thread)
        .service(threads::delete_thread);
}
