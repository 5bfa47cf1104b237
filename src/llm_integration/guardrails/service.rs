//! The guards of a project, as it edits them and as its calls meet them.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use super::{
    Blocked, Finding, Guard, GuardContext, GuardId, GuardPlan, NewGuard, Phase, Scope,
    compiled::Compiled, external::Asker, store,
};
use crate::{
    kernel::{Actor, Clock, Permission, ProjectId, Timestamp},
    llm_integration::{LlmError, providers::AddressRules},
    platform::{
        config::ConfigError,
        db::{Db, DbError},
        remembered::get_or_load,
    },
};

/// How long another replica's change can stay unnoticed.
const CACHE_TTL: Duration = Duration::from_secs(5);
const CACHE_PROJECTS: u64 = 10_000;
/// Guards that are kept ready.
const CACHE_GUARDS: u64 = 1_000;
/// Guards that one project can have.
const MAX_GUARDS: i64 = 100;

/// Guards of projects. Cheap to clone.
#[derive(Clone)]
pub struct Guardrails {
    db: Db,
    clock: Clock,
    projects: Cache<ProjectId, Arc<[Arc<Compiled>]>>,
    /// What a guard is compiled to outlives the look at the database.
    ready: Cache<(GuardId, Timestamp), Arc<Compiled>>,
    asker: Asker,
}

/// What guards make of a text that was tried.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What is let through; `None` when it is blocked.
    pub text: Option<String>,
    pub blocked_by: Option<Finding>,
    pub findings: Vec<Finding>,
}

impl Guardrails {
    /// # Errors
    /// When the client that asks HTTP guards can not be built.
    pub fn new(db: Db, clock: Clock, addresses: AddressRules) -> Result<Self, ConfigError> {
        let projects = Cache::builder()
            .max_capacity(CACHE_PROJECTS)
            .time_to_live(CACHE_TTL)
            .build();
        let asker = Asker::new(addresses).map_err(|error| {
            ConfigError::Rejected(format!(
                "the client for HTTP guards can not be built: {error}"
            ))
        })?;
        Ok(Self {
            db,
            clock,
            projects,
            ready: Cache::new(CACHE_GUARDS),
            asker,
        })
    }

    pub async fn list(&self, actor: &Actor) -> Result<Vec<Guard>, LlmError> {
        actor.require(Permission::GuardrailsManage)?;
        let project = actor.project;
        Ok(self.db.read(move |conn| store::list(conn, project)).await?)
    }

    pub async fn get(&self, actor: &Actor, id: GuardId) -> Result<Guard, LlmError> {
        actor.require(Permission::GuardrailsManage)?;
        let project = actor.project;
        self.db
            .read(move |conn| store::get(conn, project, id))
            .await?
            .ok_or(LlmError::GuardNotFound { id })
    }

    pub async fn create(&self, actor: &Actor, rule: NewGuard) -> Result<Guard, LlmError> {
        actor.require(Permission::GuardrailsManage)?;
        let now = self.clock.now();
        let guard = Guard {
            id: self.clock.new_id(),
            rule,
            created_at: now,
            updated_at: now,
        };
        self.put(actor.project, guard).await
    }

    /// Puts another rule in the place of a guard's.
    pub async fn replace(
        &self,
        actor: &Actor,
        id: GuardId,
        rule: NewGuard,
    ) -> Result<Guard, LlmError> {
        let before = self.get(actor, id).await?;
        let guard = Guard {
            rule,
            updated_at: self.clock.now(),
            ..before
        };
        self.put(actor.project, guard).await
    }

    pub async fn delete(&self, actor: &Actor, id: GuardId) -> Result<(), LlmError> {
        actor.require(Permission::GuardrailsManage)?;
        let project = actor.project;
        let existed = self
            .db
            .write(move |conn| store::delete(conn, project, id))
            .await?;
        self.projects.invalidate(&project).await;
        if existed {
            Ok(())
        } else {
            Err(LlmError::GuardNotFound { id })
        }
    }

    /// Tries a text: on a guard that is not stored, or on those that a call like this would meet.
    pub async fn check(
        &self,
        actor: &Actor,
        phase: Phase,
        text: String,
        guard: Option<NewGuard>,
        context: &GuardContext<'_>,
    ) -> Result<Checked, LlmError> {
        actor.require(Permission::GuardrailsManage)?;
        let plan = match guard {
            Some(rule) => {
                let now = self.clock.now();
                let guard = Guard {
                    id: self.clock.new_id(),
                    rule,
                    created_at: now,
                    updated_at: now,
                };
                let compiled = [Arc::new(compile(guard)?)];
                Arc::new(self.plan_of(&compiled, context))
            }
            None => self.plan(actor.project, context).await?,
        };
        let mut texts = [text];
        let mut checked = plan.check_texts(phase, &mut texts).await;
        let [text] = texts;
        if phase == Phase::Output
            && let Ok(mut findings) = checked
        {
            checked = plan.check_schema(&text, &mut findings).map(|()| findings);
        }
        Ok(match checked {
            Ok(findings) => Checked {
                text: Some(text),
                blocked_by: None,
                findings,
            },
            Err(blocked) => {
                let Blocked { by, findings } = *blocked;
                Checked {
                    text: None,
                    blocked_by: Some(by),
                    findings,
                }
            }
        })
    }

    /// The guards of a call. Cheap when the project has none.
    pub(crate) async fn plan(
        &self,
        project: ProjectId,
        context: &GuardContext<'_>,
    ) -> Result<Arc<GuardPlan>, LlmError> {
        let guards = self.guards(project).await?;
        Ok(Arc::new(self.plan_of(&guards, context)))
    }

    fn plan_of(&self, guards: &[Arc<Compiled>], context: &GuardContext<'_>) -> GuardPlan {
        let in_scope = |guard: &&Arc<Compiled>| {
            let rule = &guard.guard.rule;
            rule.enabled && covers(&rule.scope, context)
        };
        let of = |phase: Phase| {
            let guards = guards.iter().filter(in_scope);
            let guards = guards.filter(|guard| guard.guard.rule.phases.contains(phase));
            guards.cloned().collect()
        };
        GuardPlan {
            input: of(Phase::Input),
            output: of(Phase::Output),
            asker: self.asker.clone(),
        }
    }

    async fn guards(&self, project: ProjectId) -> Result<Arc<[Arc<Compiled>]>, LlmError> {
        let load = async || self.compiled(project).await;
        let guards = get_or_load(&self.projects, project, load).await;
        guards.map_err(LlmError::DbShared)
    }

    async fn compiled(&self, project: ProjectId) -> Result<Arc<[Arc<Compiled>]>, DbError> {
        let stored = self.db.read(move |conn| store::list(conn, project)).await?;
        let mut guards = Vec::with_capacity(stored.len());
        for guard in stored {
            let key = (guard.id, guard.updated_at);
            if let Some(compiled) = self.ready.get(&key).await {
                guards.push(compiled);
                continue;
            }
            let what = format!("the guard {} of llm_guardrail", guard.id);
            let compiled = Compiled::new(guard).map_err(|_| DbError::Corrupt { what })?;
            let compiled = Arc::new(compiled);
            self.ready.insert(key, Arc::clone(&compiled)).await;
            guards.push(compiled);
        }
        Ok(guards.into())
    }

    async fn put(&self, project: ProjectId, guard: Guard) -> Result<Guard, LlmError> {
        let guard = compile(guard)?.guard;
        let stored = guard.clone();
        self.db
            .write(move |conn| {
                let named = store::named(conn, project, &guard.rule.name)?;
                if named.is_some_and(|other| other != guard.id) {
                    let name = guard.rule.name.clone();
                    return Err(LlmError::GuardExists { name });
                }
                store::put(conn, project, &guard)?;
                if store::count(conn, project)? > MAX_GUARDS {
                    let what = format!("a project can have {MAX_GUARDS} guardrails");
                    return Err(LlmError::GuardInvalid { what });
                }
                Ok(())
            })
            .await?;
        self.projects.invalidate(&project).await;
        Ok(stored)
    }
}

fn compile(guard: Guard) -> Result<Compiled, LlmError> {
    Compiled::new(guard).map_err(|what| LlmError::GuardInvalid { what })
}

fn covers(scope: &Scope, context: &GuardContext<'_>) -> bool {
    let Scope { keys, routes, tags } = scope;
    let key = keys.is_empty() || context.key.is_some_and(|key| keys.contains(&key));
    let route = routes.is_empty()
        || context
            .route
            .is_some_and(|route| routes.iter().any(|wanted| wanted == route));
    let tag = tags.is_empty() || context.tags.iter().any(|tag| tags.contains(tag));
    key && route && tag
}
