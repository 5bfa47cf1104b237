//! The OpenAPI document, generated from the handlers, and `/api/docs`, which needs no outside asset.

use std::sync::OnceLock;

use actix_web::{HttpResponse, Responder, get, http::header::ContentType, web};
use bytes::Bytes;
use utoipa::openapi::{
    InfoBuilder, OpenApi, OpenApiBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_swagger_ui::SwaggerUi;

use super::{
    endpoints::{Described, Endpoints},
    server::all,
};
use crate::kernel::Failure;

/// The name under which handlers ask for an API key.
const API_KEY_SCHEME: &str = "api_key";

/// The document of one server, written when somebody asks for it.
pub(super) struct Document {
    routes: fn(&mut Endpoints<'_>),
    text: OnceLock<Bytes>,
}

impl Document {
    pub fn of(routes: fn(&mut Endpoints<'_>)) -> Self {
        Self {
            routes,
            text: OnceLock::new(),
        }
    }

    fn text(&self) -> Result<Bytes, Failure> {
        if let Some(text) = self.text.get() {
            return Ok(text.clone());
        }
        let text = serde_json::to_vec(&openapi(self.routes)).map_err(Failure::internal)?;
        Ok(self.text.get_or_init(|| text.into()).clone())
    }
}

/// The document of a server with these routes.
pub fn openapi(routes: fn(&mut Endpoints<'_>)) -> OpenApi {
    let mut described = Described::default();
    all(routes, &mut Endpoints::described(&mut described));
    let info = InfoBuilder::new()
        .title("Kaname")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The backend of an LLM application. Authenticate with an API key pair: HTTP Basic `pk:sk`, \
             `Authorization: Bearer sk-...` or `x-api-key: sk-...`.",
        ));
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build());
    let Described {
        paths,
        mut components,
    } = described;
    components.add_security_scheme(API_KEY_SCHEME, scheme);
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .build()
}

/// The OpenAPI 3.1 document of this server.
#[utoipa::path(tag = "operations", responses((status = OK, description = "OpenAPI 3.1")))]
#[get("/api/openapi.json")]
pub(super) async fn openapi_document(
    document: web::Data<Document>,
) -> Result<impl Responder, Failure> {
    let text = document.text()?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(text))
}

pub(super) fn swagger_ui() -> SwaggerUi {
    SwaggerUi::new("/api/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/api/openapi.json"))
}
