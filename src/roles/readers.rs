//! What a worker reads files with, as its readiness tells of it.

use std::future::ready;

use crate::{
    document::extraction::{Extractor, SandboxLevel, SandboxState},
    platform::health::{CheckResult, HealthBuilder, Need},
};

/// Adds the sandbox and the engines, looked at once: what is installed later is found at the next start. Without them
/// documents are not read, or not as safely; everything else works.
pub(super) async fn add_to(health: HealthBuilder, extractor: &Extractor) -> HealthBuilder {
    let sandbox = sandbox(&extractor.sandbox().await);
    let mut health = component(health, "sandbox", sandbox);
    for (name, state) in extractor.engines().into_named() {
        health = component(health, name, state.map(Some));
    }
    health
}

fn component(health: HealthBuilder, name: &'static str, found: CheckResult) -> HealthBuilder {
    health.component(name, Need::Optional, move || ready(found.clone()))
}

fn sandbox(state: &SandboxState) -> CheckResult {
    let missing = state.missing.join("; ");
    match state.level {
        SandboxLevel::Full => Ok(Some("full".to_owned())),
        SandboxLevel::Partial => Err(format!("partial: {missing}")),
        SandboxLevel::None => Err(format!("none: {missing}")),
    }
}
