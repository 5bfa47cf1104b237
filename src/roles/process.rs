//! One process: from settings to a server that is ready, and from a signal to a clean end.

use std::{collections::BTreeSet, io, net::SocketAddr};

use tokio::task;

use super::{Role, Settings, api, event_processor, gauges, migrate, parts::Parts, readers, worker};
use crate::{
    document::extraction::Extractor,
    identity::IdentityError,
    llm_integration::publish_live_traces,
    platform::{
        config::ConfigError,
        db::{CapacityError, MigrationError},
        health::{Health, HealthBuilder, Need},
        http,
        lifecycle::{Lifecycle, Outcome, Stage},
        redis,
        sizing::Sizing,
        telemetry,
    },
};

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error(transparent)]
    Capacity(#[from] CapacityError),
    #[error("the first project can not be set up")]
    FirstProject(#[source] IdentityError),
    #[error(transparent)]
    Server(io::Error),
    #[error("starting was interrupted")]
    Interrupted(#[from] task::JoinError),
}

/// What a role is started with.
pub(super) struct Starting<'a> {
    pub settings: &'a Settings,
    pub sizing: Sizing,
    pub parts: &'a Parts,
    pub lifecycle: &'a Lifecycle,
}

/// A process that runs.
pub struct Process {
    /// Where it listens.
    pub address: SocketAddr,
    pub lifecycle: Lifecycle,
    settings: Settings,
}

impl Process {
    /// Brings the schema up to date, starts the roles, and returns once the port is open.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is left running.
    pub async fn start(settings: Settings, roles: &[Role]) -> Result<Self, StartError> {
        let roles: BTreeSet<Role> = roles.iter().copied().collect();
        let sizing = Sizing::of_machine();
        telemetry::prometheus();
        migrate::prepare_schema(&settings.database).await?;
        let (parts, trace_writer) = Parts::build(&settings, sizing)?;
        parts.db.check_capacity().await?;
        let listener = http::bind(&settings.server).map_err(StartError::Server)?;
        let address = listener.local_addr().map_err(StartError::Server)?;
        let lifecycle = Lifecycle::default();
        let starting = Starting {
            settings: &settings,
            sizing,
            parts: &parts,
            lifecycle: &lifecycle,
        };
        for role in &roles {
            match role {
                Role::Api => api::start(&starting).await?,
                Role::Worker => worker::start(&starting),
                Role::EventProcessor => event_processor::start(&starting),
                Role::Migrate => {}
            }
        }
        lifecycle.spawn(Stage::Flush, "trace writer", |stop| trace_writer.run(stop));
        if let Some(redis) = parts.redis.clone() {
            let recorder = parts.of_traces.recorder.clone();
            lifecycle.spawn(Stage::Flush, "live traces", |stop| {
                publish_live_traces(recorder, redis, stop)
            });
        }
        let inference = parts.inference.clone();
        lifecycle.spawn(Stage::Flush, "inference", |stop| inference.keep(stop));
        let limits = parts.limits.clone();
        lifecycle.spawn(Stage::Flush, "limits", |stop| limits.keep(stop));
        carry_wakeups(&parts, &lifecycle, &roles);
        let documents = parts.of_documents.documents.clone();
        lifecycle.spawn(Stage::Serve, "document news", |stop| {
            documents.carry_news(stop)
        });
        let health = health(&starting, &roles).await;
        health.check_now().await;
        lifecycle.spawn(Stage::Serve, "health", |stop| {
            health.clone().keep_checking(stop)
        });
        lifecycle.spawn(Stage::Serve, "gauges", |stop| {
            gauges::keep_current(parts.clone(), roles.clone(), stop)
        });
        let serves_api = roles.contains(&Role::Api);
        let server_parts = api::server_parts(&parts, health, serves_api);
        let server_settings = settings.server.clone();
        lifecycle.spawn(Stage::Serve, "http", move |stop| async move {
            if let Err(error) =
                http::serve(listener, server_settings, sizing, server_parts, stop).await
            {
                tracing::error!(%error, "the HTTP server can not serve");
            }
        });
        let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
        tracing::info!(%address, roles = names.join(","), "serving");
        Ok(Self {
            address,
            lifecycle,
            settings,
        })
    }

    /// Runs until a signal, or a task that fails, begins the drain; then drains.
    pub async fn run_to_end(self, stop_asked: impl Future<Output = ()>) -> Outcome {
        tokio::select! {
            () = stop_asked => {}
            () = self.lifecycle.draining() => {}
        }
        // Readiness has failed by the time the log says so.
        self.lifecycle.begin_drain();
        tracing::info!("draining");
        let server = &self.settings.server;
        let outcome = self
            .lifecycle
            .drain(server.drain_delay(), server.drain_timeout())
            .await;
        tracing::info!(?outcome, "ended");
        outcome
    }
}

/// Joins this process to the others: what one commits wakes those who wait for it elsewhere.
fn carry_wakeups(parts: &Parts, lifecycle: &Lifecycle, roles: &BTreeSet<Role>) {
    if let Some(redis) = parts.redis.clone() {
        let (wakeups, clock) = (parts.db.wakeups().clone(), parts.clock.clone());
        lifecycle.spawn(Stage::Serve, "wake-ups", |stop| {
            redis::carry_wakeups(redis, wakeups, clock, stop)
        });
    } else if !Role::SERVING.iter().all(|role| roles.contains(role)) {
        tracing::warn!(
            "`redis.url` is not set: other processes learn of changes only when their caches run out"
        );
    }
}

async fn health(starting: &Starting<'_>, roles: &BTreeSet<Role>) -> Health {
    let parts = starting.parts;
    let db = parts.db.clone();
    let mut health = HealthBuilder::default().component("database", Need::Required, move || {
        let db = db.clone();
        async move {
            db.version()
                .await
                .map(Some)
                .map_err(|error| error.to_string())
        }
    });
    if let Some(redis) = parts.redis.clone() {
        // Without Redis events wait in the outbox and caches run out by time: slower, nothing lost.
        health = health.component("redis", Need::Optional, move || {
            let redis = redis.clone();
            async move {
                redis
                    .ping()
                    .await
                    .map(|()| None)
                    .map_err(|error| error.to_string())
            }
        });
    }
    if roles.contains(&Role::Worker) {
        let documents = &starting.settings.documents;
        let processors = starting.sizing.processors;
        let extractor = Extractor::new(&documents.engines, &documents.extraction, processors);
        health = readers::add_to(health, &extractor).await;
    }
    if parts.inference.is_on() {
        let inference = parts.inference.clone();
        // Without models everything but vectors works.
        health = health.component("inference", Need::Optional, move || {
            let state = inference.state();
            async move {
                if state.problems.is_empty() {
                    Ok(Some(state.summary()))
                } else {
                    Err(state.problems.join("; "))
                }
            }
        });
    }
    health.build(
        starting.lifecycle.clone(),
        roles.iter().map(|role| role.name()).collect(),
    )
}
