//! Every endpoint of reading.

use super::{endpoints, export, live, report};
use crate::platform::http::Endpoints;

pub fn routes(config: &mut Endpoints<'_>) {
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
