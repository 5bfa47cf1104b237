//! Every endpoint of annotations.

use super::endpoints;
use crate::platform::http::Endpoints;

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(endpoints::annotate)
        .service(endpoints::list_annotations)
        .service(endpoints::export_annotations)
        .service(endpoints::change_annotation)
        .service(endpoints::delete_annotation);
}
