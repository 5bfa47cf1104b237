//! Every endpoint of reading.

use utoipa_actix_web::service_config::ServiceConfig;

use super::{endpoints, export, live, report};

pub fn routes(config: &mut ServiceConfig<'_>) {
    // These stand before the trace whose id could be `export` or `live`.
    config
        .service(live::watch_traces)
        .service(export::export_traces)
        .service(endpoints::list_traces)
        .service(endpoints::get_trace)
        .service(endpoints::list_observations)
        .service(endpoints::list_scores)
        .service(endpoints::list_sessions)
        .service(endpoints::list_users)
        .service(report::make_report);
}
