//! Binds and runs the HTTP server: the shell, the endpoints of the roles, and a graceful stop.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use actix_cors::Cors;
use actix_web::{
    App, HttpRequest, HttpServer,
    middleware::{Compress, Condition, from_fn},
    web,
};
use tokio_util::sync::CancellationToken;

use super::{
    Authenticate, Endpoints, PublicUrl, ServerSettings, Surfaces, docs, extract, health,
    limits::Limits,
    metrics,
    shell::{self, Shell},
};
use crate::{
    kernel::{Clock, ErrorCode, Failure},
    platform::{db::Db, health::Health, sizing::Sizing},
};

/// What a server is made of beside its settings.
#[derive(Clone)]
pub struct ServerParts {
    pub health: Health,
    pub authenticator: Arc<dyn Authenticate>,
    pub surfaces: Surfaces,
    pub db: Db,
    pub clock: Clock,
    /// Registers the endpoints of this process's roles, and the state they need.
    pub routes: fn(&mut Endpoints<'_>),
    pub state: Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>,
}

/// Takes the port.
///
/// # Errors
/// When the address is in use or not ours; the message names it.
pub fn bind(settings: &ServerSettings) -> io::Result<TcpListener> {
    let address = (settings.bind.as_str(), settings.port);
    TcpListener::bind(address).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!(
                "can not listen on {}:{}: {error}",
                settings.bind, settings.port
            ),
        )
    })
}

/// Serves on `listener` until `stop`, then finishes the requests in progress.
///
/// # Errors
/// When the server can not start.
pub async fn serve(
    listener: TcpListener,
    settings: ServerSettings,
    sizing: Sizing,
    parts: ServerParts,
    stop: CancellationToken,
) -> io::Result<()> {
    let shell = web::Data::new(Shell {
        limits: Limits::new(&settings),
        body_limit_bytes: settings.body_limit_bytes,
        surfaces: parts.surfaces.clone(),
        clock: parts.clock.clone(),
    });
    let public_url = web::Data::new(PublicUrl::new(&settings));
    let document = web::Data::new(docs::Document::of(parts.routes));
    let authenticator = web::Data::new(Arc::clone(&parts.authenticator));
    let (health, db) = (
        web::Data::new(parts.health.clone()),
        web::Data::new(parts.db.clone()),
    );
    let workers = sizing.http_workers(settings.workers);
    let keep_alive = Duration::from_secs(settings.keep_alive_seconds);
    let (max_connections, drain_timeout) =
        (settings.max_connections, settings.drain_timeout_seconds);
    let server = HttpServer::new(move || {
        let limit = settings.body_limit_bytes;
        App::new()
            .app_data(shell.clone())
            .app_data(public_url.clone())
            .app_data(document.clone())
            .app_data(authenticator.clone())
            .app_data(health.clone())
            .app_data(db.clone())
            .app_data(extract::json(limit))
            .app_data(extract::payload(limit))
            .app_data(extract::form(limit))
            .app_data(extract::query())
            .app_data(extract::path())
            .configure(|config| (parts.state)(config))
            .configure(|config| all(parts.routes, &mut Endpoints::served(config)))
            .service(docs::swagger_ui())
            .default_service(web::to(no_such_endpoint))
            .wrap(from_fn(shell::around))
            .wrap(Condition::new(
                !settings.cors_allowed_origins.is_empty(),
                cors(&settings),
            ))
            .wrap(Compress::default())
    })
    .listen(listener)?
    .workers(workers)
    .max_connections(max_connections)
    .keep_alive(keep_alive)
    // A token of a stream goes out when it is there, not when the one before it was acknowledged.
    .tcp_nodelay(true)
    // A client that closes its side has gone: what it waits for is cancelled, a model's call above all.
    .h1_allow_half_closed(false)
    .shutdown_timeout(drain_timeout)
    .disable_signals()
    .run();
    let handle = server.handle();
    let stopping = async move {
        stop.cancelled().await;
        handle.stop(true).await;
    };
    let (outcome, ()) = tokio::join!(server, stopping);
    outcome
}

/// The endpoints of a server: those of every role, and those of its own.
pub(super) fn all(routes: fn(&mut Endpoints<'_>), endpoints: &mut Endpoints<'_>) {
    operations(endpoints);
    routes(endpoints);
}

/// Endpoints of every role.
fn operations(endpoints: &mut Endpoints<'_>) {
    endpoints
        .service(health::live)
        .service(health::ready)
        .service(health::report)
        .service(metrics::metrics_page)
        .service(docs::openapi_document);
}

async fn no_such_endpoint(request: HttpRequest) -> Result<&'static str, Failure> {
    let (method, path) = (request.method(), request.path());
    if request.resource_map().match_pattern(path).is_some() {
        return Err(Failure::new(
            ErrorCode::MethodNotAllowed,
            format!("{method} is not allowed on {path}"),
        ));
    }
    Err(Failure::new(
        ErrorCode::NotFound,
        format!("there is no endpoint {method} {path}; see /api/docs"),
    ))
}

fn cors(settings: &ServerSettings) -> Cors {
    const PREFLIGHT_SECONDS: usize = 3600;
    settings
        .cors_allowed_origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers(["x-request-id", "retry-after"])
        .max_age(PREFLIGHT_SECONDS)
}
