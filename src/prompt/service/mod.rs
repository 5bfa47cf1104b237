//! `Prompts`: the use cases of prompts. Each asks the actor first, then makes one transaction that
//! holds the state and the event together.

mod catalog;
mod labels;
mod lifespan;
mod publish;
mod read;
mod usage;

use super::{
    PromptChange, PromptChanged, PromptError, PromptSettings,
    cache::PromptCache,
    model::{Label, Node, Prompt, PromptName, Resolution, Source, Version, resolve},
    store,
    usage::UsageCounters,
};
use crate::{
    kernel::{Actor, Clock, Permission, ProjectId},
    platform::{
        db::{Conn, Db},
        outbox,
    },
};

/// The prompt context. Cheap to clone; clones share the cache and the counters.
#[derive(Clone)]
pub struct Prompts {
    db: Db,
    clock: Clock,
    cache: PromptCache,
    counters: UsageCounters,
    usage_flush_interval: std::time::Duration,
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
    pub(super) fn forget(&self, project: ProjectId) {
        self.cache.forget(project);
    }

    /// Changes may have been missed.
    pub(super) fn forget_all(&self) {
        self.cache.forget_all();
    }

    /// Runs a change in one transaction; when it has committed, this process forgets at once and
    /// the others by the event.
    async fn change<T: Send + 'static>(
        &self,
        actor: &Actor,
        body: impl FnOnce(&mut Conn, &Change) -> Result<T, PromptError> + Send + 'static,
    ) -> Result<T, PromptError> {
        let (clock, actor) = (self.clock.clone(), actor.clone());
        let project = actor.project;
        let changed = self
            .db
            .write(move |conn| body(conn, &Change { clock, actor }))
            .await;
        self.cache.forget(project);
        changed
    }
}

/// What every change knows: who makes it, and when.
struct Change {
    clock: Clock,
    actor: Actor,
}

impl Change {
    /// The prompt, with every other writer kept from it.
    fn lock(&self, conn: &mut Conn, name: &PromptName) -> Result<Prompt, PromptError> {
        let found = store::lock(conn, self.actor.project, name, self.clock.now())?;
        found.ok_or_else(|| PromptError::NotFound { name: name.clone() })
    }

    fn announce(
        &self,
        conn: &mut Conn,
        prompt: &Prompt,
        change: PromptChange,
    ) -> Result<(), PromptError> {
        let event = PromptChanged {
            project: prompt.project,
            prompt: prompt.id,
            name: prompt.name.clone(),
            by: self.actor.signature(),
            change,
        };
        outbox::append(conn, &self.clock, &event)?;
        Ok(())
    }

    /// Protected labels are for those who may protect.
    fn require_unprotected(&self, conn: &mut Conn, labels: &[Label]) -> Result<(), PromptError> {
        if self.actor.permissions.contains(Permission::PromptsProtect) {
            return Ok(());
        }
        match store::protected_among(conn, self.actor.project, labels)? {
            Some(label) => Err(PromptError::LabelProtected { label }),
            None => Ok(()),
        }
    }
}

/// Replaces the references in `version` by what they stand for now.
fn resolve_version(
    conn: &mut Conn,
    prompt: &Prompt,
    version: &Version,
) -> Result<Resolution, PromptError> {
    let node = Node {
        id: version.id,
        name: prompt.name.clone(),
        version: version.number,
    };
    let root = Source {
        node,
        content: version.content.clone(),
    };
    resolve(root, |reference| {
        Ok(store::source(conn, prompt.project, reference)?)
    })
}
