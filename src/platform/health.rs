//! Health: components are checked in the background, and every probe is answered from memory.
//!
//! Nothing a probe does can touch a dependency: a check inside the probe makes a load balancer eject
//! every replica at once when one shared component is slow.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use serde::Serialize;
use tokio::time;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::lifecycle::Lifecycle;

const CHECK_INTERVAL: Duration = Duration::from_secs(2);
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// What a component's check found out.
pub type CheckResult = Result<Option<String>, String>;
type Check = Box<dyn Fn() -> BoxFuture<'static, CheckResult> + Send + Sync>;

/// Whether this process can do its work without a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Not ready while the component is down.
    Required,
    /// Ready, but degraded.
    Optional,
}

/// One component as it was last found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ComponentHealth {
    pub name: &'static str,
    /// `up`, `down`, or `unknown` before the first check.
    pub status: &'static str,
    pub required: bool,
    /// How long the last check took.
    pub latency_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Whether this process can work, and what it can not do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Readiness {
    pub ready: bool,
    /// `ok`, `degraded` (ready, with an optional component down) or `unavailable`.
    pub status: &'static str,
    /// Why it is not ready, or what is degraded.
    pub reasons: Vec<String>,
    pub roles: Vec<&'static str>,
}

/// The components of this process. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    lifecycle: Lifecycle,
    roles: Vec<&'static str>,
    started: Instant,
    components: Vec<(Check, Mutex<ComponentHealth>)>,
}

/// Collects the components to check.
#[derive(Default)]
pub struct HealthBuilder(Vec<(Check, Mutex<ComponentHealth>)>);

impl HealthBuilder {
    #[must_use]
    pub fn component<F>(
        mut self,
        name: &'static str,
        need: Need,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = CheckResult> + Send + 'static,
    {
        let unknown = ComponentHealth {
            name,
            status: "unknown",
            required: need == Need::Required,
            latency_ms: 0.0,
            version: None,
            error: None,
        };
        self.0
            .push((Box::new(move || Box::pin(check())), Mutex::new(unknown)));
        self
    }

    pub fn build(self, lifecycle: Lifecycle, roles: Vec<&'static str>) -> Health {
        Health(Arc::new(Inner {
            lifecycle,
            roles,
            started: Instant::now(),
            components: self.0,
        }))
    }
}

impl Health {
    /// Checks every component now, side by side.
    pub async fn check_now(&self) {
        let checks = self.0.components.iter().map(|(check, state)| async move {
            let started = Instant::now();
            let found = time::timeout(CHECK_TIMEOUT, check())
                .await
                .unwrap_or_else(|_| Err(format!("no answer within {CHECK_TIMEOUT:?}")));
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.latency_ms = started.elapsed().as_secs_f64() * 1_000.0;
            let before = state.status;
            (state.status, state.version, state.error) = match found {
                Ok(version) => ("up", version, None),
                Err(error) => ("down", state.version.take(), Some(error)),
            };
            if before != state.status && (before, state.status) != ("unknown", "up") {
                tracing::warn!(
                    component = state.name,
                    from = before,
                    to = state.status,
                    error = state.error,
                    "health changed"
                );
            }
        });
        futures::future::join_all(checks).await;
    }

    /// Checks again and again until told to stop.
    pub async fn keep_checking(self, stop: CancellationToken) {
        while stop
            .run_until_cancelled(time::sleep(CHECK_INTERVAL))
            .await
            .is_some()
        {
            self.check_now().await;
        }
    }

    pub fn components(&self) -> Vec<ComponentHealth> {
        let states = self.0.components.iter().map(|(_, state)| state);
        states
            .map(|state| state.lock().unwrap_or_else(PoisonError::into_inner).clone())
            .collect()
    }

    pub fn uptime(&self) -> Duration {
        self.0.started.elapsed()
    }

    pub fn readiness(&self) -> Readiness {
        let mut ready = true;
        let mut reasons = Vec::new();
        if let Some(task) = self.0.lifecycle.failed_task() {
            reasons.push(format!("task `{task}` failed"));
            ready = false;
        }
        if self.0.lifecycle.is_draining() {
            reasons.push("draining".to_owned());
            ready = false;
        }
        for component in self
            .components()
            .into_iter()
            .filter(|component| component.status != "up")
        {
            ready &= !component.required;
            let error = component
                .error
                .unwrap_or_else(|| component.status.to_owned());
            reasons.push(format!("{}: {error}", component.name));
        }
        let status = match (ready, reasons.is_empty()) {
            (true, true) => "ok",
            (true, false) => "degraded",
            (false, _) => "unavailable",
        };
        Readiness {
            ready,
            status,
            reasons,
            roles: self.0.roles.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_optional_component_degrades_and_a_required_one_fails_readiness() {
        let up = || async { Ok(Some("1.0".to_owned())) };
        let down = || async { Err("gone".to_owned()) };
        let optional = HealthBuilder::default()
            .component("database", Need::Required, up)
            .component("redis", Need::Optional, down)
            .build(Lifecycle::default(), vec!["api"]);
        assert!(
            !optional.readiness().ready,
            "not ready before the first check"
        );
        optional.check_now().await;
        let readiness = optional.readiness();
        assert_eq!((readiness.ready, readiness.status), (true, "degraded"));
        assert_eq!(readiness.reasons, ["redis: gone"]);

        let lifecycle = Lifecycle::default();
        let required = HealthBuilder::default()
            .component("database", Need::Required, down)
            .build(lifecycle, vec![]);
        required.check_now().await;
        assert_eq!(required.readiness().status, "unavailable");
    }
}
