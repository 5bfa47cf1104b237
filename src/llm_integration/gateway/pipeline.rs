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
    request::{Asking, CallRequest},
    shadow,
    tries::{CallBody, Tries, TryLog},
};
use crate::{
    kernel::{Actor, Failure},
    llm_integration::{
        CallerHeaders, Estimate, HeaderNames, KeyPolicy, LlmError, PricedCall,
        Subject as LimitedSubject,
        dialects::Dialect,
        guardrails::GuardPlan,
        routing::{Overrides, Plan, Planner, Route, RouteTable, Target},
    },
};

/// A call that was let in, with what its later stages need.
struct Admitted {
    request: CallRequest,
    options: CallOptions,
    table: Arc<RouteTable>,
    guards: Arc<GuardPlan>,
    /// Headers that tell of limits.
    limits: Vec<(&'static str, String)>,
}

impl Gateway {
    pub(super) async fn call(
        &self,
        actor: &Actor,
        asking: Asking,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let options = CallOptions::parse(headers)?;
        let mut request = CallRequest::read(asking, body, headers, self.0.capture_limit)?;
        let policy = self.0.limits.policy(actor.project, key_of(actor)).await?;
        let policy = policy.as_deref();
        if let Some(policy) = policy {
            add_policy(&mut request, policy);
        }
        let table = self.0.table(actor.project).await?;
        let route = table.get(&request.model);
        let body = self.body(&request, &options, route)?;
        let routed = Routed {
            route: route.map(|_| request.model.clone()),
            ..Routed::default()
        };
        let ledger = self.ledger(actor).await;
        let guards = self.guards(actor, &request).await?;
        let held = self
            .admit(actor, (&request, policy), (&table, &ledger))
            .await?;
        let limits = held.reservation.headers(match asking.surface() {
            Dialect::Anthropic => HeaderNames::Anthropic,
            _ => HeaderNames::OpenAi,
        });
        let call = Call::begin(ledger, &request, routed, held);
        let span = call.span();
        let admitted = Admitted {
            request,
            options,
            table,
            guards,
            limits,
        };
        // On the heap: every future around it would be as large.
        let answering = Box::pin(self.answer(actor, headers, (admitted, body), call));
        answering.instrument(span).await
    }

    /// From here on a trace says what became of the call.
    async fn answer(
        &self,
        actor: &Actor,
        headers: &CallerHeaders,
        (admitted, mut body): (Admitted, CallBody),
        mut call: Call,
    ) -> Result<Answer, Failure> {
        let Admitted {
            request,
            options,
            table,
            guards,
            limits,
        } = admitted;
        let route = table.get(&request.model);
        let guarded = self
            .guard_input(&guards, headers, &mut body, &mut call)
            .await;
        let found = match guarded {
            Ok(()) => {
                let asked = (&options, route);
                self.look_up(actor.project, &body, asked, &mut call).await
            }
            Err(error) => Err(error),
        };
        let mut after = After {
            guards: Some(Arc::clone(&guards)),
            keep: None,
            limits,
        };
        match found {
            Ok(Found::Answer(kept)) => return self.answer_again(*kept, &body, call, after).await,
            Ok(Found::Keep(keep)) => after.keep = Some(*keep),
            Ok(Found::Nothing) => {}
            Err(error) => {
                let nothing = Generation::default();
                return Err(self.refuse(call, error, nothing, after.limits).await);
            }
        }
        let log = call.log.clone();
        let tries = self.tries(actor, (body, &options, headers), route, log);
        let plan = match route {
            None => Ok(Plan::of(Target::default())),
            Some(route) => self.plan(actor, &request, (&table, route), &tries).await,
        };
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => {
                let nothing = Generation::default();
                return Err(self.refuse(call, error, nothing, after.limits).await);
            }
        };
        call.routed.variant.clone_from(&plan.variant);
        shadow::begin(self, (&plan, &tries), &guards, &call);
        let outcome = tries.run(&plan).await;
        Box::pin(self.conclude(&tries, outcome, call, after)).await
    }

    /// Asks every limit, and takes a place.
    async fn admit(
        &self,
        actor: &Actor,
        (request, policy): (&CallRequest, Option<&KeyPolicy>),
        (table, ledger): (&RouteTable, &Ledger),
    ) -> Result<Held, LlmError> {
        let is_route = table.get(&request.model).is_some();
        let subject = LimitedSubject {
            project: actor.project,
            key: key_of(actor),
            user: request.links.user_id.as_deref(),
            tags: &request.links.tags,
            model: &request.model,
            route: is_route.then_some(request.model.as_str()),
        };
        let estimate = || self.estimate(request, table, ledger);
        let reservation = self.0.limits.admit(&subject, policy, estimate).await?;
        let place = self.0.tries.places.take().ok_or(LlmError::GatewayBusy)?;
        Ok(Held {
            reservation,
            _place: place,
        })
    }

    /// What the call may use at most: at the dearest model that it may come to.
    fn estimate(&self, request: &CallRequest, table: &RouteTable, ledger: &Ledger) -> Estimate {
        let now = self.0.clock.now();
        let estimate = |model: &str| {
            // A name may say its provider before the model.
            let alone = model.split_once('/').map_or(model, |(_, alone)| alone);
            let models = [model, alone];
            let prices = ledger.prices.as_ref();
            let price = prices.and_then(|prices| prices.price(&PricedCall::of(&models, now)));
            let limits = &self.0.limits;
            limits.estimate(request.body.len(), request.max_output_tokens, price)
        };
        let models = table.models(&request.model);
        let estimates = models.into_iter().map(estimate);
        let dearest = estimates.max_by_key(|estimate| estimate.cost);
        dearest.unwrap_or_else(|| estimate(&request.model))
    }

    pub(super) fn body(
        &self,
        request: &CallRequest,
        options: &CallOptions,
        route: Option<&Route>,
    ) -> Result<CallBody, LlmError> {
        let now = self.0.clock.now();
        CallBody::new(
            request.asking,
            (request.model.clone(), request.stream),
            (request.body.clone(), request.kept.clone()),
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
