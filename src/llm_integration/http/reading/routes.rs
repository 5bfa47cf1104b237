//! Every endpoint of reading.

use utoipa_actix_web::service_config::ServiceConfig;

use super::{endpoints, export, report};

pub fn routes(config: &mut ServiceConfig<'_>) {
    // The export stands before the trace whose id could be `export`.
    config
        .service(export::export_traces)
        .service(endpoints::list_traces)
        .service(endpoints::get_trace)
        .service(endpoints::list_observations)
        .service(endpoints::list_scores)
        .service(endpoints::list_sessions)
        .service(endpoints::list_users)
        .service(report::make_report);
}
