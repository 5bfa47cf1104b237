//! The service itself: what it is made of, and how every change to prompts runs.

use std::time::Duration;

use super::Change;
use crate::{
    kernel::{Actor, Clock, ProjectId},
    platform::db::{Conn, Db},
    prompt::{PromptError, PromptSettings, cache::PromptCache, store, usage::UsageCounters},
};

/// The prompt context. Cheap to clone; clones share the cache and the counters.
#[derive(Clone)]
pub struct Prompts {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) cache: PromptCache,
    pub(super) counters: UsageCounters,
    pub(super) usage_flush_interval: Duration,
}

impl Prompts {
    pub fn new(db: Db, clock: Clock, settings: &PromptSettings) -> Self {
        Self {
            db,
            clock,
            cache: PromptCache::new(settings),
            counters: UsageCounters::default(),
            usage_flush_interval: settings.usage_flush_interval(),
        }
    }

    /// Prompts of `project` changed: what this process holds of them is stale.
    pub(in crate::prompt) fn forget(&self, project: ProjectId) {
        self.cache.forget(project);
    }

    /// Changes may have been missed.
    pub(in crate::prompt) fn forget_all(&self) {
        self.cache.forget_all();
    }

    /// Runs a change in one transaction, alone in its project; when it has committed, this process forgets at once and
    /// the others by the event (which also tells this one, should the caller be gone by then).
    pub(super) async fn change<T: Send + 'static>(
        &self,
        actor: &Actor,
        body: impl FnOnce(&mut Conn, &Change) -> Result<T, PromptError> + Send + 'static,
    ) -> Result<T, PromptError> {
        let (clock, actor) = (self.clock.clone(), actor.clone());
        let project = actor.project;
        let changed = self
            .db
            .write(move |conn| {
                store::lock_project(conn, project)?;
                body(conn, &Change { clock, actor })
            })
            .await;
        self.cache.forget(project);
        changed
    }
}
