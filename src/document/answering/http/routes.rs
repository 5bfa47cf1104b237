//! Every endpoint of answers.

use super::{ask, threads};
use crate::platform::http::Endpoints;

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(ask::ask)
        .service(threads::list_threads)
        .service(threads::get_thread)
        .service(threads::delete_thread);
}
