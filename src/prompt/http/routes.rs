//! Every endpoint of prompts.

use super::{labels, manage, read};
use crate::platform::http::Endpoints;

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(manage::publish)
        .service(read::catalog)
        .service(read::get)
        .service(manage::delete)
        .service(read::versions)
        .service(read::diff)
        .service(read::compile)
        .service(manage::revert)
        .service(manage::archive)
        .service(manage::restore)
        .service(manage::set_tags)
        .service(labels::move_label)
        .service(labels::remove_label)
        .service(read::usage)
        .service(read::folders)
        .service(labels::protected_labels)
        .service(labels::protect)
        .service(labels::unprotect);
}
