//! The event-processor role: moves events from the outbox to those who wait for them.

use std::sync::Arc;

use super::process::Starting;
use crate::platform::lifecycle::Stage;

pub(super) fn start(starting: &Starting<'_>) {
    let bus = starting.parts.bus.clone();
    let subscriptions = Arc::clone(&starting.parts.subscriptions);
    starting
        .lifecycle
        .spawn(Stage::Serve, "events", |stop| async move {
            bus.process(subscriptions, stop).await;
        });
}
