//! Every endpoint of searching.

use super::{endpoints, evaluation};
use crate::platform::http::Endpoints;

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(endpoints::search_documents)
        .service(endpoints::query_documents)
        .service(evaluation::search_settings)
        .service(evaluation::propose_search_setting)
        .service(evaluation::promote_search_setting)
        .service(evaluation::reject_search_setting)
        .service(evaluation::list_labelled_queries)
        .service(evaluation::add_labelled_query)
        .service(evaluation::import_labelled_queries)
        .service(evaluation::delete_labelled_query)
        .service(evaluation::start_search_run)
        .service(evaluation::list_search_runs)
        .service(evaluation::get_search_run);
}
