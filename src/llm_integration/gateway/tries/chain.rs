//! Walks along a plan: retries where that may help, then the next target that the route names.

use std::sync::Arc;

use tokio::time::{self, Instant};

use super::{attempt::Upstream, body::CallBody, failed::Failed, log::TryLog};
use crate::{
    kernel::{Clock, ProjectId},
    llm_integration::{
        CallerHeaders, LlmError, Providers, StoredResponses,
        gateway::places::Places,
        providers::{Origin, Provider, Resolved},
        routing::{
            Candidate, FailureClass, Health, Overrides, Plan, Policy, RetryBudget, Target, pause,
        },
    },
};

/// What tries of every call share. Cheap to clone.
#[derive(Clone)]
pub(in super::super) struct TriesParts {
    pub providers: Providers,
    pub health: Health,
    pub budget: Arc<RetryBudget>,
    pub places: Places,
    pub clock: Clock,
    pub responses: StoredResponses,
    /// What holds where neither a route nor a target says otherwise.
    pub policy: Policy,
}

/// The tries of one call.
pub(in super::super) struct Tries {
    pub providers: Providers,
    pub health: Health,
    pub(super) budget: Arc<RetryBudget>,
    pub(super) places: Places,
    pub(super) clock: Clock,
    pub responses: StoredResponses,
    policy: Policy,
    /// What the call itself asks for, over what routes and targets say.
    wished: Overrides,
    pub project: ProjectId,
    pub body: Arc<CallBody>,
    pub headers: CallerHeaders,
    pub log: TryLog,
    pub deadline: Instant,
}

impl Tries {
    pub fn new(
        parts: &TriesParts,
        (policy, wished): (Policy, Overrides),
        project: ProjectId,
        (body, headers): (Arc<CallBody>, CallerHeaders),
        (log, deadline): (TryLog, Instant),
    ) -> Self {
        let TriesParts {
            providers,
            health,
            budget,
            places,
            clock,
            responses,
            policy: _,
        } = parts.clone();
        Self {
            providers,
            health,
            budget,
            places,
            clock,
            responses,
            policy,
            wished,
            project,
            body,
            headers,
            log,
            deadline,
        }
    }

    /// Goes along the plan until a try succeeds or no target follows. Of several failures the last
    /// one that a provider is behind is told.
    pub async fn run(&self, plan: &Plan) -> Result<Upstream, Failed> {
        self.budget.earn();
        let mut told: Option<Failed> = None;
        let mut at = 0;
        while let Some(candidate) = plan.candidates.get(at) {
            let failed = match self.candidate(plan, at, candidate).await {
                Ok(upstream) => match Self::declined(plan, at, &upstream) {
                    Some(next) => {
                        at = next;
                        continue;
                    }
                    None => return Ok(upstream),
                },
                Err(failed) => failed,
            };
            let next = plan.after(at, failed.class, failed.status);
            if told.is_none() || failed.is_of_provider() {
                told = Some(failed);
            }
            match next {
                Some(next) if Instant::now() < self.deadline => {
                    metrics::counter!("gateway_fallbacks_total").increment(1);
                    at = next;
                }
                _ => break,
            }
        }
        Err(told.unwrap_or_else(|| self.no_route()))
    }

    /// Tries `target` once, with what the call's policy and the target's say.
    pub async fn once(&self, target: &Target) -> Result<Upstream, Failed> {
        let policy = self.policy.with(&target.overrides);
        self.attempt(target, &policy, false).await
    }

    /// One target, as often as its policy allows.
    async fn candidate(
        &self,
        plan: &Plan,
        at: usize,
        candidate: &Candidate,
    ) -> Result<Upstream, Failed> {
        let policy = self.policy_of(candidate);
        let mut count = 0;
        loop {
            count += 1;
            let tried = match policy.hedge {
                Some(hedge) => {
                    let beside = plan.after(at, FailureClass::Timeout, None);
                    let beside = beside.and_then(|next| plan.candidates.get(next));
                    let beside = beside.unwrap_or(candidate);
                    let second = (&beside.target, &self.policy_of(beside));
                    self.hedged(&candidate.target, &policy, hedge, second).await
                }
                None => self.attempt(&candidate.target, &policy, false).await,
            };
            let failed = match tried {
                Ok(upstream) => return Ok(upstream),
                Err(failed) => failed,
            };
            if count >= policy.attempts || !failed.class.is_transient() {
                return Err(failed);
            }
            let wait = pause(&policy, count, failed.retry_after, &mut rand::rng());
            let Some(wait) = wait.filter(|wait| Instant::now() + *wait < self.deadline) else {
                return Err(failed);
            };
            if !self.budget.spend(Instant::now()) {
                metrics::counter!("gateway_retries_refused_total").increment(1);
                return Err(failed);
            }
            metrics::counter!("gateway_retries_total", "reason" => failed.class.name())
                .increment(1);
            time::sleep(wait).await;
        }
    }

    pub fn policy_of(&self, candidate: &Candidate) -> Policy {
        let overrides = candidate.overrides.iter();
        overrides
            .chain([&candidate.target.overrides, &self.wished])
            .fold(self.policy, Policy::with)
    }

    /// The target that follows when an answer was declined for its content, and the route says so.
    fn declined(plan: &Plan, at: usize, upstream: &Upstream) -> Option<usize> {
        let next = plan.after(at, FailureClass::ContentFilter, None)?;
        upstream.is_declined().then_some(next)
    }

    pub async fn resolve(&self, target: &Target) -> Result<Resolved, LlmError> {
        let model = target.model.as_deref().unwrap_or(&self.body.model);
        let Some(name) = &target.provider else {
            return self.providers.resolve(self.project, model).await;
        };
        let providers = self.providers.of_project(self.project).await?;
        let found = providers
            .into_iter()
            .find(|provider| provider.name.as_str() == name);
        match found {
            Some(provider) => Ok(Resolved {
                provider,
                model: model.to_owned(),
            }),
            None => Err(LlmError::ProviderNotConfigured {
                model: format!("{name}/{model}"),
                remedy: "the route names a provider that this project does not have",
            }),
        }
    }

    /// A provider of a project's own has a state of its own, whatever it is called.
    pub fn health_name(&self, provider: &Provider) -> String {
        match provider.origin {
            Origin::Settings => provider.name.to_string(),
            Origin::Project => format!("{}:{}", self.project, provider.name),
        }
    }

    fn no_route(&self) -> Failed {
        LlmError::NoRouteApplies {
            alias: self.body.model.clone(),
        }
        .into()
    }
}
