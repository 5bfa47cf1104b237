//! Every endpoint of annotations.

use utoipa_actix_web::service_config::ServiceConfig;

use super::endpoints;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(endpoints::annotate)
        .service(endpoints::list_annotations)
        .service(endpoints::export_annotations)
        .service(endpoints::change_annotation)
        .service(endpoints::delete_annotation);
}
