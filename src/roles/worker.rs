//! The worker role: background jobs.

use super::process::Starting;
use crate::platform::{
    jobs::{self, JobRegistry},
    lifecycle::Stage,
};

pub(super) fn start(starting: &Starting<'_>) {
    let (db, clock) = (starting.parts.db.clone(), starting.parts.clock.clone());
    let (settings, sizing) = (starting.settings.jobs.clone(), starting.sizing);
    let drain = starting.settings.server.drain_timeout();
    starting
        .lifecycle
        .spawn(Stage::Serve, "jobs", move |stop| async move {
            let ran = jobs::run(registry(), (db, clock), (settings, sizing), stop, drain).await;
            if let Err(error) = ran {
                tracing::error!(%error, "the job worker ended");
            }
        });
}

/// Every kind of job there is.
fn registry() -> JobRegistry {
    JobRegistry::new()
}
