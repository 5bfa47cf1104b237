//! The OpenAPI document, generated from the handlers, and `/api/docs`, which needs no outside asset.

use actix_web::{HttpResponse, Responder, get, web};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, RefOr,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_swagger_ui::SwaggerUi;

/// The name under which handlers ask for an API key.
const API_KEY_SCHEME: &str = "api_key";

/// Gives the collected paths their title, version and security scheme.
pub(super) fn finish_openapi(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Kaname")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The backend of an LLM application. Authenticate with an API key pair: HTTP Basic `pk:sk`, \
             `Authorization: Bearer sk-...` or `x-api-key: sk-...`.",
        ))
        .build();
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build());
    let components = document.components.take().unwrap_or_default();
    let schemas: Vec<(String, RefOr<utoipa::openapi::Schema>)> =
        components.schemas.into_iter().collect();
    document.components = Some(
        ComponentsBuilder::new()
            .schemas_from_iter(schemas)
            .responses_from_iter(components.responses)
            .security_scheme(API_KEY_SCHEME, scheme)
            .build(),
    );
    document
}

/// The OpenAPI 3.1 document of this server.
#[utoipa::path(tag = "operations", responses((status = OK, description = "OpenAPI 3.1")))]
#[get("/api/openapi.json")]
pub(super) async fn openapi_document(document: web::Data<OpenApi>) -> impl Responder {
    HttpResponse::Ok().json(document.get_ref())
}

pub(super) fn swagger_ui() -> SwaggerUi {
    SwaggerUi::new("/api/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/api/openapi.json"))
}
