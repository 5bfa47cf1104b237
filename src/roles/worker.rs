//! The worker role: background jobs.

use std::time::Duration;

use super::{
    Settings,
    documents::OfDocuments,
    parts::{OfTraces, Parts},
    process::Starting,
};
use crate::{
    document,
    platform::{
        jobs::{self, JobRegistry, Retention},
        lifecycle::Stage,
        sizing::{self, Sizing},
    },
};

/// Kept of the drain's limit to hand back what did not end in time.
const HAND_BACK: Duration = Duration::from_secs(2);

pub(super) fn start(starting: &Starting<'_>) {
    let registry = registry(starting.parts, starting.settings, starting.sizing);
    let (db, clock) = (starting.parts.db.clone(), starting.parts.clock.clone());
    let (settings, sizing) = (starting.settings.jobs.clone(), starting.sizing);
    let drain = starting
        .settings
        .server
        .drain_timeout()
        .saturating_sub(HAND_BACK);
    starting
        .lifecycle
        .spawn(Stage::Serve, "jobs", move |stop| async move {
            let ran = jobs::run(registry, (db, clock), (settings, sizing), stop, drain).await;
            if let Err(error) = ran {
                tracing::error!(%error, "the job worker ended");
            }
        });
}

/// Every kind of job there is.
fn registry(parts: &Parts, settings: &Settings, sizing: Sizing) -> JobRegistry {
    let retention = Retention {
        events: settings.events.retention(),
        dead_events: settings.events.dead_letter_retention(),
        jobs: settings.jobs.retention(),
        answers: settings.server.idempotency_ttl(),
    };
    let registry = jobs::remove_old(JobRegistry::new(), &parts.db, &parts.clock, retention);
    let OfTraces {
        media, retention, ..
    } = &parts.of_traces;
    let registry = media.register(retention.register(registry));
    let registry = parts.responses.register(registry);
    let OfDocuments {
        documents, notes, ..
    } = &parts.of_documents;
    // Half of the places, and a quarter, so that neither documents of many pages nor what goes through all documents of a
    // project keeps other jobs waiting.
    let places = sizing.jobs(settings.jobs.concurrency);
    let (reading, search) = (
        settings.documents.concurrency,
        settings.documents.search.concurrency,
    );
    let registry = documents
        .register(registry)
        .at_most(
            document::queues::PROCESSING,
            sizing::or(reading, places / 2),
        )
        .at_most(
            document::queues::WHOLE_PROJECTS,
            sizing::or(search, places / 4),
        );
    notes.register(registry)
}
