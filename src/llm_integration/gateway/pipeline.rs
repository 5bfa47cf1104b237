//! The stages of a call, in their order: read, admit, plan, try, answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Gateway,
    answer::Answer,
    cached::Found,
    call::{Call, Held, Ledger, key_of},
    conclude::After,
    draft::Routed,
    facts::{CallFacts, Targets},
    generation::Generation,
    options::CallOptions,
    request::CallRequest,
    shadow,
    tries::{CallBody, Tries, TryLog},
};
use crate::{
    kernel::{Actor, Failure},
    llm_integration::{
        CallerHeaders, KeyPolicy, LlmError, PricedCall, Subject as LimitedSubject,
        dialects::Dialect,
        routing::{Overrides, Plan, Planner, Route, RouteTable, Target},
    },
};

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
        let policy = self.0.limits.policy(actor.project, key_of(actor)).await?;
        if let Some(policy) = policy {
            add_policy(&mut request, &policy);
        }
        let table = self.0.table(actor.project).await?;
        let route = table.get(&request.model);
        let ledger = self.ledger(actor).await;
        let guards = self.guards(actor, &request).await?;
        let held = self.admit(actor, &request, &table, &ledger).await?;
        let limits = held.reservation.headers();
        let mut body = self.body(&request, &options, route);
        let routed = Routed {
            route: route.map(|_| request.model.clone()),
            ..Routed::default()
        };
        let mut call = Call::begin(ledger, &request, routed, held);
        let span = call.span();
        async {
            let guarded = self
                .guard_input(&guards, headers, &mut body, &mut call)
                .await;
            if let Err(error) = guarded {
                let nothing = Generation::default();
                return Err(self.refuse(call, error, nothing, limits).await);
            }
            let asked = (&options, route);
            let keep = match self.look_up(actor.project, &body, asked, &mut call).await? {
                Found::Answer(kept) => {
                    return self.answer_again(*kept, &guards, &body, call, limits).await;
                }
                Found::Keep(keep) => Some(*keep),
                Found::Nothing => None,
            };
            let log = call.log.clone();
            let tries = self.tries(actor, (body, &options, headers), route, log);
            let plan = match route {
                None => Plan::of(Target::default()),
                Some(route) => self.plan(actor, &request, (&table, route), &tries).await?,
            };
            call.routed.variant.clone_from(&plan.variant);
            shadow::begin(self, (&plan, &tries), &guards, &call);
            let after = After {
                guards: Some(guards),
                keep,
                limits,
            };
            let outcome = tries.run(&plan).await;
            Box::pin(self.conclude(&tries, outcome, call, after)).await
        }
        .instrument(span)
        .await
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
            _place: place,
        })
    }

    pub(super) fn body(
        &self,
        request: &CallRequest,
        options: &CallOptions,
        route: Option<&Route>,
    ) -> CallBody {
        let now = self.0.clock.now();
        CallBody::new(
            request.surface,
            (request.model.clone(), request.stream),
            request.body.clone(),
            options.leniency(route.is_some_and(|route| route.drop_params)),
            (self.answer_id(), now.unix_micros() / 1_000_000),
        )
    }

    pub(super) fn tries(
        &self,
        actor: &Actor,
        (body, options, headers): (CallBody, &CallOptions, &CallerHeaders),
        route: Option<&Route>,
        log: TryLog,
    ) -> Tries {
        // A route knows its providers better than the settings, and a caller its own patience best.
        let wished = Overrides {
            attempts: options.attempts,
            total_timeout_ms: options.total_timeout.map(milliseconds),
            ..Overrides::default()
        };
        let policy = self.0.tries.policy;
        let total = route.map_or(policy, |route| policy.with(&route.overrides));
        let total = total.with(&wished).total_timeout;
        Tries::new(
            &self.0.tries,
            (policy, wished),
            actor.project,
            (Arc::new(body), headers.clone()),
            (log, Instant::now() + total),
        )
    }

    pub(super) async fn plan(
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
