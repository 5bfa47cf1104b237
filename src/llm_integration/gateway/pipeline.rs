//! The stages of a call, in their order: read, admit, plan, try, answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Gateway,
    answer::Answer,
    call::{Call, Held, Ledger},
    draft::Routed,
    facts::{CallFacts, Targets},
    options::CallOptions,
    request::CallRequest,
    shadow,
    tries::{CallBody, Tries},
};
use crate::{
    kernel::{Actor, ApiKeyId, Failure, Subject},
    llm_integration::{
        CallerHeaders, KeyPolicy, LlmError, PricedCall, Subject as LimitedSubject,
        dialects::Dialect,
        routing::{Overrides, Plan, Planner, Route, RouteTable, Target},
    },
};

/// Everything that is known of a call before its first try.
pub(super) struct Ready {
    pub tries: Tries,
    pub plan: Plan,
    pub call: Call,
    /// Of limits.
    pub headers: Vec<(&'static str, String)>,
}

impl Gateway {
    pub(super) async fn call(
        &self,
        actor: &Actor,
        surface: Dialect,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let options = CallOptions::parse(headers)?;
        let mut request = CallRequest::read(surface, body, headers, self.0.capture_limit)?;
        let key = key_of(actor);
        if let Some(policy) = self.0.limits.policy(actor.project, key).await? {
            add_policy(&mut request, &policy);
        }
        let table = self.0.table(actor.project).await?;
        let ledger = self.ledger(actor).await;
        let held = self.admit(actor, &request, &table, &ledger).await?;
        let ready = self
            .ready(actor, (request, options, headers), &table, ledger, held)
            .await?;
        shadow::begin(self, &ready);
        let span = ready.call.span();
        self.run(ready).instrument(span).await
    }

    /// Asks every limit, and takes a place.
    pub(super) async fn admit(
        &self,
        actor: &Actor,
        request: &CallRequest,
        table: &RouteTable,
        ledger: &Ledger,
    ) -> Result<Held, LlmError> {
        let models = [request.model.as_str()];
        let call = PricedCall::of(&models, self.0.clock.now());
        let price = ledger
            .prices
            .as_ref()
            .and_then(|prices| prices.price(&call));
        let limits = &self.0.limits;
        let estimate = limits.estimate(request.body.len(), request.max_output_tokens, price);
        let is_route = table.get(&request.model).is_some();
        let subject = LimitedSubject {
            project: actor.project,
            key: key_of(actor),
            user: request.links.user_id.as_deref(),
            tags: &request.links.tags,
            model: &request.model,
            route: is_route.then_some(request.model.as_str()),
        };
        let reservation = limits.admit(&subject, estimate).await?;
        let place = self.0.tries.places.take().ok_or(LlmError::GatewayBusy)?;
        Ok(Held {
            reservation,
            estimate,
            _place: place,
        })
    }

    /// Plans the tries, and begins the trace.
    async fn ready(
        &self,
        actor: &Actor,
        (request, options, headers): (CallRequest, CallOptions, &CallerHeaders),
        table: &Arc<RouteTable>,
        ledger: Ledger,
        held: Held,
    ) -> Result<Ready, LlmError> {
        let route = table.get(&request.model);
        let policy = self.0.tries.policy.with(&Overrides {
            attempts: options.attempts,
            total_timeout_ms: options.total_timeout.map(milliseconds),
            ..Overrides::default()
        });
        let body = CallBody::new(
            request.surface,
            (request.model.clone(), request.stream),
            request.body.clone(),
            options.leniency(route.is_some_and(|route| route.drop_params)),
            (
                self.answer_id(),
                self.0.clock.now().unix_micros() / 1_000_000,
            ),
        );
        let answer_headers = held.reservation.headers();
        let routed = Routed {
            route: route.map(|_| request.model.clone()),
            ..Routed::default()
        };
        let mut call = Call::begin(ledger, &request, routed, held);
        let total = route
            .map_or(policy, |route| policy.with(&route.overrides))
            .total_timeout;
        let tries = Tries::new(
            &self.0.tries,
            policy,
            actor.project,
            (Arc::new(body), headers.clone()),
            (call.log.clone(), Instant::now() + total),
        );
        let plan = match route {
            None => Plan::of(Target::default()),
            Some(route) => self.plan(actor, &request, (table, route), &tries).await?,
        };
        call.routed.variant.clone_from(&plan.variant);
        Ok(Ready {
            tries,
            plan,
            call,
            headers: answer_headers,
        })
    }

    async fn plan(
        &self,
        actor: &Actor,
        request: &CallRequest,
        (table, route): (&RouteTable, &Route),
        tries: &Tries,
    ) -> Result<Plan, LlmError> {
        let facts = CallFacts::of(request);
        let outlook = Targets {
            tries,
            providers: tries.providers.of_project(actor.project).await?,
        };
        let mut planner = Planner {
            table,
            facts: &facts.facts(actor, request),
            outlook: &outlook,
            random: rand::rng(),
        };
        Ok(planner.plan(&request.model, route))
    }

    /// What an answer is called whose provider gave it no name.
    fn answer_id(&self) -> String {
        enum AnswerMarker {}
        let id = self.0.clock.new_id::<AnswerMarker>();
        id.as_uuid().simple().to_string()
    }
}

fn key_of(actor: &Actor) -> Option<ApiKeyId> {
    match &actor.subject {
        Subject::ApiKey { id, .. } => Some(*id),
        Subject::User(_) | Subject::System => None,
    }
}

/// A key's tags, environment and metadata are those of all its calls; a call's own come first.
fn add_policy(request: &mut CallRequest, policy: &KeyPolicy) {
    request.links.tags.extend(policy.tags.iter().cloned());
    request.links.tags.sort_unstable();
    request.links.tags.dedup();
    if request.links.environment.is_none() {
        request.links.environment.clone_from(&policy.environment);
    }
    for (key, value) in &policy.metadata {
        let known = request.metadata.entry(key.clone());
        known.or_insert_with(|| value.clone());
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
