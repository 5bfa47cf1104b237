//! The api role: HTTP for clients.

use std::sync::Arc;

use actix_web::web;
use utoipa::openapi::OpenApi;

use super::{
    parts::Parts,
    process::{StartError, Starting},
};
use crate::{
    document,
    identity::{self, FirstProject, PrintedKeys},
    interop::{langfuse, otlp},
    kernel::Failure,
    llm_integration::{self, CallLedger, Reconciliations},
    platform::{
        health::Health,
        http::{self, Endpoints, ServerParts, Surfaces},
        jobs,
        lifecycle::Stage,
    },
    prompt,
};

/// Sets up the first project, and hears of what other replicas change; the endpoints themselves are part of the process's one server.
pub(super) async fn start(starting: &Starting<'_>) -> Result<(), StartError> {
    let init = &starting.settings.identity.init;
    let first = starting.parts.identity.ensure_first_project(init).await;
    match first.map_err(StartError::FirstProject)? {
        FirstProject::Created(keys) => print_once(&keys),
        FirstProject::Configured(project) => {
            tracing::info!(project = %project.id, "the configured project is in place");
        }
        FirstProject::Nothing => {}
    }
    let connections = &starting.parts.connections;
    if let Err(error) = connections.reseal_all().await {
        // They are opened with the previous key until the next start.
        tracing::warn!(error = %Failure::from(error), "keys of providers were not sealed anew");
    }
    let Parts {
        of_documents,
        prompts,
        bus,
        subscriptions,
        of_traces,
        redis,
        ..
    } = starting.parts.clone();
    let lifecycle = starting.lifecycle;
    lifecycle.spawn(Stage::Flush, "prompt usage", |stop| {
        prompts.flush_usage_until(stop)
    });
    lifecycle.spawn(Stage::Serve, "document watches", |stop| {
        of_documents.documents.end_watches(stop)
    });
    lifecycle.spawn(Stage::Serve, "event listener", |stop| async move {
        bus.listen(subscriptions, stop).await;
    });
    lifecycle.spawn(Stage::Serve, "live tails", |stop| {
        llm_integration::carry_live_traces(of_traces.live, of_traces.recorder, redis, stop)
    });
    Ok(())
}

/// What the HTTP server of a process serves beside probes and metrics.
pub(super) fn server_parts(parts: &Parts, health: Health, serves_api: bool) -> ServerParts {
    let state = parts.clone();
    ServerParts {
        health,
        authenticator: Arc::new(parts.identity.clone()),
        surfaces: Surfaces::new(&[
            llm_integration::OPENAI,
            llm_integration::ANTHROPIC,
            langfuse::LANGFUSE,
            otlp::OTLP,
            otlp::LANGFUSE_OTLP,
            llm_integration::MEDIA_TRANSFERS,
        ]),
        db: parts.db.clone(),
        clock: parts.clock.clone(),
        routes: if serves_api { routes } else { no_routes },
        state: Arc::new(move |config| register(&state, config)),
    }
}

fn register(parts: &Parts, config: &mut web::ServiceConfig) {
    config
        .app_data(web::Data::new(parts.identity.clone()))
        .app_data(web::Data::new(parts.jobs.clone()))
        .app_data(web::Data::new(parts.connections.clone()))
        .app_data(web::Data::new(parts.gateway.clone()))
        .app_data(web::Data::new(parts.prices.clone()))
        .app_data(web::Data::new(Reconciliations::new(
            CallLedger::new(parts.db.clone()),
            parts.prices.clone(),
        )))
        .app_data(web::Data::new(parts.routes.clone()))
        .app_data(web::Data::new(parts.cache.clone()))
        .app_data(web::Data::new(parts.guardrails.clone()))
        .app_data(web::Data::new(parts.limits.clone()))
        .app_data(web::Data::new(parts.of_traces.traces.clone()))
        .app_data(web::Data::new(parts.of_traces.live.clone()))
        .app_data(web::Data::new(parts.of_traces.retention.clone()))
        .app_data(web::Data::new(parts.of_traces.media.clone()))
        .app_data(web::Data::new(parts.otlp.clone()))
        .app_data(web::Data::new(parts.batches.clone()))
        .app_data(web::Data::new(parts.scores.clone()))
        .app_data(web::Data::new(parts.comments.clone()))
        .app_data(web::Data::new(parts.analytics.clone()))
        .app_data(web::Data::new(parts.of_documents.documents.clone()))
        .app_data(web::Data::new(
            parts.of_documents.documents.search().clone(),
        ))
        .app_data(web::Data::new(parts.of_documents.annotations.clone()))
        .app_data(web::Data::new(parts.of_documents.answers.clone()))
        .app_data(web::Data::new(parts.of_documents.notes.clone()))
        .app_data(web::Data::new(parts.prompts.clone()));
}

/// Every endpoint of every context.
fn routes(config: &mut Endpoints<'_>) {
    // Patterns are tried in this order: those of every call to a model come first.
    llm_integration::routes(config);
    identity::routes(config);
    jobs::routes(config);
    document::routes(config);
    prompt::routes(config);
    langfuse::routes(config);
    otlp::routes(config);
}

fn no_routes(_: &mut Endpoints<'_>) {}

/// The document that `/api/openapi.json` answers with.
pub fn openapi_document() -> OpenApi {
    http::openapi(routes)
}

/// Standard output, not the log: a log is kept, and this is shown once.
#[expect(
    clippy::print_stdout,
    reason = "the operator reads the first keys here, once"
)]
fn print_once(PrintedKeys { project, keys }: &PrintedKeys) {
    println!(
        "\n  A first project was created. Its keys are shown only now:\n\n    \
         project     {} ({})\n    public key  {}\n    secret key  {}\n",
        project.name,
        project.id,
        keys.public.as_str(),
        keys.secret.expose(),
    );
}
