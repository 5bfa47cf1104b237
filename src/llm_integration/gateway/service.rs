//! The gateway: what it is made of, and its use cases.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::Method;
use tokio::{sync::Semaphore, time::Instant};

use super::{
    answer::Answer, call::Ledger, models, places::Places, request::Asking, tries::TriesParts,
};
use crate::{
    kernel::{Actor, Clock, Failure, Permission, ProjectId},
    llm_integration::{
        CallerHeaders, GatewaySettings, Limits, LlmError, Prices, Providers, Recorder, Routes,
        StoredResponses,
        cache::AnswerCache,
        dialects::Dialect,
        guardrails::Guardrails,
        routing::{Health, RetryBudget, RouteTable},
    },
};

/// Shadow calls under way at once; more are left out.
const MAX_SHADOWS: usize = 64;

/// Calls models for applications. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(pub(super) Arc<Parts>);

/// What the gateway stands on.
pub struct GatewayParts {
    pub providers: Providers,
    pub routes: Routes,
    pub limits: Limits,
    pub guardrails: Guardrails,
    pub cache: AnswerCache,
    pub prices: Prices,
    pub recorder: Recorder,
    pub responses: StoredResponses,
    pub clock: Clock,
}

pub(super) struct Parts {
    pub routes: Routes,
    pub limits: Limits,
    pub guardrails: Guardrails,
    pub cache: AnswerCache,
    pub prices: Prices,
    pub recorder: Recorder,
    pub clock: Clock,
    pub tries: TriesParts,
    /// Places of calls that nobody waits for.
    pub shadows: Arc<Semaphore>,
    pub max_in_flight: usize,
    /// Of input and output in a trace, each.
    pub capture_limit: usize,
}

impl Gateway {
    pub fn new(settings: &GatewaySettings, parts: GatewayParts) -> Self {
        let GatewayParts {
            providers,
            routes,
            limits,
            guardrails,
            cache,
            prices,
            recorder,
            responses,
            clock,
        } = parts;
        let tries = TriesParts {
            providers,
            health: Health::default(),
            budget: Arc::new(RetryBudget::new(Instant::now())),
            places: Places::new(settings.max_in_flight, settings.max_in_flight_per_provider),
            clock: clock.clone(),
            responses,
            policy: settings.policy(),
        };
        Self(Arc::new(Parts {
            routes,
            limits,
            guardrails,
            cache,
            prices,
            recorder,
            clock,
            tries,
            shadows: Arc::new(Semaphore::new(MAX_SHADOWS)),
            max_in_flight: settings.max_in_flight,
            capture_limit: settings.capture_limit_bytes,
        }))
    }

    /// Makes a call in the words of `surface`, at whatever provider its model or route means.
    /// Whatever becomes of it is traced, also when the returned future or stream is dropped.
    ///
    /// # Errors
    /// A failure of ours, with headers that tell of the call. A provider's own is an answer.
    pub async fn chat(
        &self,
        actor: &Actor,
        surface: Dialect,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        actor.require(Permission::GatewayCall)?;
        self.call(actor, Asking::Chat(surface), headers, body).await
    }

    /// Embeds texts with the model or route that the body names, in OpenAI's words. Traced as a chat is.
    ///
    /// # Errors
    /// As [`Gateway::chat`].
    pub async fn embed(
        &self,
        actor: &Actor,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        actor.require(Permission::GatewayCall)?;
        self.call(actor, Asking::Embeddings, headers, body).await
    }

    /// Puts documents in the order in which they answer a query. Traced as a chat is.
    ///
    /// # Errors
    /// As [`Gateway::chat`].
    pub async fn rerank(
        &self,
        actor: &Actor,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        actor.require(Permission::GatewayCall)?;
        self.call(actor, Asking::Rerank, headers, body).await
    }

    /// How many tokens the input of such a call has.
    ///
    /// # Errors
    /// When the call is none, or its provider can not be asked.
    pub async fn count_tokens(
        &self,
        actor: &Actor,
        surface: Dialect,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        actor.require(Permission::GatewayCall)?;
        Ok(self.count(actor, surface, headers, body).await?)
    }

    /// Reads, cancels or deletes a response of the project's that a provider keeps; `below` is the
    /// rest of the path, with the query.
    ///
    /// # Errors
    /// When the project got no such response, or its provider can not be asked.
    pub async fn stored_response(
        &self,
        actor: &Actor,
        method: Method,
        (id, below): (&str, &str),
        headers: &CallerHeaders,
    ) -> Result<Answer, Failure> {
        actor.require(Permission::GatewayCall)?;
        Ok(self.stored(actor, method, (id, below), headers).await?)
    }

    /// The models of the project's providers, and its routes.
    ///
    /// # Errors
    /// When a provider can not be asked.
    pub async fn models(&self, actor: &Actor, headers: &CallerHeaders) -> Result<Answer, LlmError> {
        actor.require(Permission::GatewayCall)?;
        let routes = self.0.table(actor.project).await?;
        let providers = &self.0.tries.providers;
        models::list(providers, actor.project, &routes, headers)
            .await
            .map(Answer::from)
    }

    /// One model, or route.
    ///
    /// # Errors
    /// When there is none of that name, or its provider can not be asked.
    pub async fn model(
        &self,
        actor: &Actor,
        headers: &CallerHeaders,
        model: &str,
    ) -> Result<Answer, LlmError> {
        actor.require(Permission::GatewayCall)?;
        let routes = self.0.table(actor.project).await?;
        let providers = &self.0.tries.providers;
        models::get(providers, (actor.project, model), &routes, headers)
            .await
            .map(Answer::from)
    }

    pub(super) async fn ledger(&self, actor: &Actor) -> Ledger {
        let prices = self.0.prices.table(actor.project).await;
        let prices = prices.inspect_err(|error| {
            tracing::error!(%error, "the prices can not be read; this call has no cost");
        });
        Ledger {
            recorder: self.0.recorder.clone(),
            clock: self.0.clock.clone(),
            project: actor.project,
            prices: prices.ok(),
        }
    }

    /// Calls under way, breakers that are not closed: what no call leaves on `/metrics` itself.
    pub fn set_gauges(&self) {
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let count = |count: usize| count as f64;
        let in_flight = self.0.tries.places.taken(self.0.max_in_flight);
        metrics::gauge!("gateway_calls_in_flight").set(count(in_flight));
        let (mut open, mut tries) = (0, 0);
        for (_, broken, under_way) in self.0.tries.health.by_provider() {
            open += broken;
            tries += under_way;
        }
        metrics::gauge!("gateway_breakers_open").set(count(open));
        metrics::gauge!("gateway_tries_in_flight").set(count(tries));
    }
}

impl Parts {
    pub async fn table(&self, project: ProjectId) -> Result<Arc<RouteTable>, LlmError> {
        let table = self.routes.table(project).await;
        table.map_err(LlmError::RoutesUnreadable)
    }
}
