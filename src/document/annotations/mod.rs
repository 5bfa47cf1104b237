//! Annotations: what people mark and say in documents, by words or by a box on a page.

mod http;
mod markdown;
mod model;
mod schema;
mod service;
mod store;

pub use http::routes;
pub use model::{Annotation, AnnotationId, AnnotationPlace, Color, Comment, NewAnnotation};
pub use service::Annotations;
