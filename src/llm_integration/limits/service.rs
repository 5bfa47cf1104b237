//! The use cases of limits: admit a call, set limits, set what a key may do.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{
    Amount, Estimate, KeyPolicy, Limit, LimitId, LimitRule, LimitSubject, LimitsSettings, Measure,
    Reservation, Subject,
    inner::Inner,
    model::claims,
    store::{policies, rules},
};
use crate::{
    identity::Identity,
    kernel::{Actor, ApiKeyId, Clock, ErrorCode, Failure, Permission, ProjectId},
    llm_integration::{BYTES_PER_TOKEN, LlmError, ModelPrice, Usage},
    platform::{
        db::{Db, DbError},
        redis::Redis,
    },
};

/// Limits that one project can set, beside those of its keys' policies.
const MAX_LIMITS: usize = 500;

/// The limits of every project. Cheap to clone.
#[derive(Clone)]
pub struct Limits(pub(super) Arc<Inner>);

impl Limits {
    /// [`Limits::keep`] must run beside it.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(db: Db, clock: Clock, redis: Option<Redis>, settings: &LimitsSettings) -> Self {
        Self(Arc::new(Inner::new(db, clock, redis, settings)))
    }

    /// Renews, gives back and removes what has to be, until `stop`; then waits for what is still
    /// being settled, and gives back what is set aside and not used.
    pub async fn keep(self, stop: CancellationToken) {
        self.0.keep(stop).await;
    }

    /// What a call may use at most: its body's size tells the input, and `max_output_tokens` what
    /// the caller bounds the output to.
    pub fn estimate(
        &self,
        body_bytes: usize,
        max_output_tokens: Option<u64>,
        price: Option<&ModelPrice>,
    ) -> Estimate {
        let input = (body_bytes as u64).div_ceil(BYTES_PER_TOKEN);
        let output = max_output_tokens.unwrap_or(self.0.default_output_tokens);
        let usage = Usage {
            input,
            output,
            total: input.saturating_add(output),
            ..Usage::default()
        };
        let cost = price.and_then(|price| usage.cost(price));
        Estimate {
            input_tokens: input,
            output_tokens: output,
            cost: cost.map(|cost| cost.total),
        }
    }

    /// The policy of a key; `None` when it has none, or the caller has no key. Another replica's
    /// change is seen within 5 seconds.
    pub async fn policy(
        &self,
        project: ProjectId,
        key: Option<ApiKeyId>,
    ) -> Result<Option<Arc<KeyPolicy>>, LlmError> {
        match key {
            Some(key) => self.0.rules.policy(project, key).await.map_err(unreadable),
            None => Ok(None),
        }
    }

    /// Admits a call of a key with this `policy`, or says which limit leaves no room for it. What it
    /// may use is asked for only where a limit counts it.
    ///
    /// # Errors
    /// [`LlmError::LimitExceeded`], [`LlmError::ModelNotAllowed`], [`LlmError::PriceUnknown`], or
    /// [`LlmError::LimitsUnavailable`] where limits can not be counted.
    pub async fn admit(
        &self,
        subject: &Subject<'_>,
        policy: Option<&KeyPolicy>,
        estimate: impl FnOnce() -> Estimate,
    ) -> Result<Reservation, LlmError> {
        if policy.is_some_and(|policy| !policy.allows(subject)) {
            let model = subject.model.to_owned();
            return Err(LlmError::ModelNotAllowed { model });
        }
        let limits = self.0.rules.limits(subject.project).await;
        let limits = limits.map_err(unreadable)?;
        if limits.is_empty() && policy.is_none_or(|policy| policy.limits.is_empty()) {
            return Ok(Reservation::free());
        }
        let (now, estimate) = (self.0.clock.now(), estimate());
        let claims = claims(&limits, policy, subject, &estimate, now);
        let counts_money = claims
            .iter()
            .any(|claim| matches!(claim.counter.measure, Measure::Money(_)));
        if counts_money && estimate.cost.is_none() {
            let model = subject.model.to_owned();
            return Err(LlmError::PriceUnknown { model });
        }
        if claims.is_empty() {
            return Ok(Reservation::free());
        }
        self.0.reserve(claims).await
    }

    /// The project's limits, oldest first; those of its keys' policies are with the policies.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<LimitRule>, LlmError> {
        actor.require(Permission::ProjectRead)?;
        let project = actor.project;
        Ok(self
            .0
            .db
            .read(move |conn| rules::list(conn, project))
            .await?)
    }

    pub async fn get(&self, actor: &Actor, id: LimitId) -> Result<LimitRule, LlmError> {
        actor.require(Permission::ProjectRead)?;
        let project = actor.project;
        let found = self
            .0
            .db
            .read(move |conn| rules::get(conn, project, id))
            .await?;
        found.ok_or_else(|| not_found("limit", &id))
    }

    /// Sets a limit. It counts what is used from now on: here at once, on other replicas within 5
    /// seconds.
    pub async fn create(
        &self,
        actor: &Actor,
        subject: LimitSubject,
        limit: Limit,
    ) -> Result<LimitRule, LlmError> {
        actor.require(Permission::LimitsManage)?;
        let (project, now) = (actor.project, self.0.clock.now());
        let rule = LimitRule {
            id: self.0.clock.new_id(),
            subject,
            limit,
            created_at: now,
            updated_at: now,
        };
        let created = rule.clone();
        self.0
            .db
            .write(move |conn| {
                let existing = rules::list(conn, project)?;
                let same = |other: &&LimitRule| {
                    other.subject == rule.subject && other.limit.measure == rule.limit.measure
                };
                if let Some(same) = existing.iter().find(same) {
                    let id = same.id.to_string();
                    return Err(LlmError::LimitExists { id });
                }
                if existing.len() >= MAX_LIMITS {
                    let what = format!("a project can have {MAX_LIMITS} limits");
                    return Err(LlmError::LimitInvalid { what });
                }
                Ok(rules::insert(conn, project, &rule)?)
            })
            .await?;
        self.0.rules.forget_limits(project).await;
        Ok(created)
    }

    /// Changes the amount of a limit; what was used so far counts.
    pub async fn set_amount(
        &self,
        actor: &Actor,
        id: LimitId,
        parse: impl FnOnce(Measure) -> Result<Amount, LlmError>,
    ) -> Result<LimitRule, LlmError> {
        actor.require(Permission::LimitsManage)?;
        let mut rule = self.get(actor, id).await?;
        let amount = parse(rule.limit.measure)?;
        let (project, now) = (actor.project, self.0.clock.now());
        let found = self
            .0
            .db
            .write(move |conn| rules::set_amount(conn, project, id, amount, now))
            .await?;
        self.0.rules.forget_limits(project).await;
        if !found {
            return Err(not_found("limit", &id));
        }
        (rule.limit.amount, rule.updated_at) = (amount, now);
        Ok(rule)
    }

    pub async fn delete(&self, actor: &Actor, id: LimitId) -> Result<(), LlmError> {
        actor.require(Permission::LimitsManage)?;
        let project = actor.project;
        let existed = self
            .0
            .db
            .write(move |conn| rules::delete(conn, project, id))
            .await?;
        self.0.rules.forget_limits(project).await;
        if existed {
            Ok(())
        } else {
            Err(not_found("limit", &id))
        }
    }

    pub async fn key_policy(&self, actor: &Actor, key: ApiKeyId) -> Result<KeyPolicy, LlmError> {
        actor.require(Permission::KeysManage)?;
        let project = actor.project;
        let found = self
            .0
            .db
            .read(move |conn| policies::get(conn, project, key))
            .await?;
        found.ok_or_else(|| not_found("policy of the key", &key))
    }

    /// Sets, or replaces, what a key may do; it counts here at once, on other replicas within 5
    /// seconds.
    pub async fn put_key_policy(
        &self,
        actor: &Actor,
        identity: &Identity,
        key: ApiKeyId,
        policy: KeyPolicy,
    ) -> Result<(), LlmError> {
        actor.require(Permission::KeysManage)?;
        let keys = identity.list_keys(actor).await.map_err(Failure::from)?;
        if !keys.iter().any(|known| known.id == key) {
            return Err(not_found("API key", &key));
        }
        let (project, now) = (actor.project, self.0.clock.now());
        self.0
            .db
            .write(move |conn| policies::put(conn, project, key, &policy, now))
            .await?;
        self.0.rules.forget_policy(project, key).await;
        Ok(())
    }

    /// From now on the key may do what its permissions allow.
    pub async fn delete_key_policy(&self, actor: &Actor, key: ApiKeyId) -> Result<(), LlmError> {
        actor.require(Permission::KeysManage)?;
        let project = actor.project;
        let existed = self
            .0
            .db
            .write(move |conn| policies::delete(conn, project, key))
            .await?;
        self.0.rules.forget_policy(project, key).await;
        if existed {
            Ok(())
        } else {
            Err(not_found("policy of the key", &key))
        }
    }
}

fn not_found(what: &'static str, id: &impl ToString) -> LlmError {
    let id = id.to_string();
    LlmError::LimitNotFound { what, id }
}

/// Several calls share the error of one read; each gets the same failure.
fn unreadable(error: Arc<DbError>) -> LlmError {
    let failure = Failure::new(
        ErrorCode::Unavailable,
        "the limits of this project can not be read right now",
    );
    LlmError::Refused(failure.caused_by(error))
}
