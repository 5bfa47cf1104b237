//! Every endpoint of reading.

use utoipa_actix_web::service_config::ServiceConfig;

use super::{endpoints, export, report};

pub fn routes(config: &mut ServiceConfig<'_>) {
    // The export stands before the trace whose id could be `export`.
    config
        .service(export::export)
        .service(endpoints::traces)
        .service(endpoints::trace)
        .service(endpoints::observations)
        .service(endpoints::scores)
        .service(endpoints::sessions)
        .service(endpoints::users)
        .service(report::analytics);
}
