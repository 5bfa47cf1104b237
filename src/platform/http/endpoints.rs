//! Where contexts register their endpoints: in a server, or in the OpenAPI document about it.
//!
//! `utoipa-actix-web` does both at once, in every thread of a server. The document takes more memory than all routes
//! together, and hardly any process is asked for it.

use actix_web::{dev::HttpServiceFactory, web};
use utoipa::openapi::{
    RefOr,
    path::Paths,
    schema::{Components, Schema},
};
use utoipa_actix_web::OpenApiFactory;

/// Takes endpoints, one after another.
pub struct Endpoints<'a>(Taking<'a>);

enum Taking<'a> {
    Served(&'a mut web::ServiceConfig),
    Described(&'a mut Described),
}

/// What the document says of endpoints.
#[derive(Default)]
pub(super) struct Described {
    pub paths: Paths,
    pub components: Components,
}

impl<'a> Endpoints<'a> {
    pub(super) fn served(config: &'a mut web::ServiceConfig) -> Self {
        Self(Taking::Served(config))
    }

    pub(super) fn described(described: &'a mut Described) -> Self {
        Self(Taking::Described(described))
    }

    pub fn service<F>(&mut self, endpoint: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + 'static,
    {
        match &mut self.0 {
            Taking::Served(config) => {
                config.service(endpoint);
            }
            Taking::Described(described) => described.add(&endpoint),
        }
        self
    }

    /// Takes those of a part of a context.
    pub fn configure(&mut self, routes: fn(&mut Endpoints<'_>)) -> &mut Self {
        routes(self);
        self
    }
}

impl Described {
    fn add(&mut self, endpoint: &impl OpenApiFactory) {
        self.paths.merge(endpoint.paths());
        let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
        endpoint.schemas(&mut schemas);
        self.components.schemas.extend(schemas);
    }
}
