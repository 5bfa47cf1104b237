//! The use cases of the gateway: complete a chat, list models.

use std::convert::Infallible;

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use reqwest::{
    Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use tracing::Instrument;

use super::{
    call::{Call, Ledger},
    generation::Generation,
    models,
    relay::Relay,
    request::ChatRequest,
};
use crate::{
    kernel::{self, Actor, Clock, Permission},
    llm_integration::{
        CallerHeaders, GatewaySettings, Limits, LlmError, PricedCall, Prices, Recorder,
        Reservation, Subject, TraceId,
        dialects::Dialect,
        providers::{Ask, Operation, Provider, Providers, Resolved, WholeAnswer, passed_headers},
    },
    platform::config::ConfigError,
};

const EVENT_STREAM: &str = "text/event-stream";
/// How much of a refusal's body is said in the trace's status; all of it is in its output.
const REFUSAL_CHARS: usize = 500;

/// Calls models for applications. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    providers: Providers,
    prices: Prices,
    limits: Limits,
    recorder: Recorder,
    clock: Clock,
    capture_limit: usize,
}

/// What the caller gets: the provider's status, headers and body.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The call's trace. `None` when the answer is not a model's, or its trace is not stored.
    pub trace_id: Option<TraceId>,
    pub body: AnswerBody,
}

pub enum AnswerBody {
    Whole(Bytes),
    /// Dropping it cancels the provider's call.
    Stream(BoxStream<'static, Result<Bytes, Infallible>>),
}

impl From<WholeAnswer> for Answer {
    fn from(
        WholeAnswer {
            status,
            headers,
            body,
        }: WholeAnswer,
    ) -> Self {
        Self {
            status,
            headers,
            trace_id: None,
            body: AnswerBody::Whole(body),
        }
    }
}

impl Answer {
    fn with_headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                self.headers.insert(name, value);
            }
        }
        self
    }
}

impl Gateway {
    /// # Errors
    /// When a provider's address is not one.
    pub fn new(
        settings: &GatewaySettings,
        prices: Prices,
        limits: Limits,
        recorder: Recorder,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        let providers = Providers::new(settings, clock.clone())?;
        let capture_limit = settings.capture_limit_bytes;
        Ok(Self {
            providers,
            prices,
            limits,
            recorder,
            clock,
            capture_limit,
        })
    }

    /// Passes a chat completion on to the provider of its model. Whatever becomes of it is traced,
    /// also when the returned future or stream is dropped.
    pub async fn complete_chat(
        &self,
        actor: &Actor,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Answer, LlmError> {
        actor.require(Permission::GatewayCall)?;
        let mut request = ChatRequest::parse(body, headers, self.capture_limit)?;
        let Resolved { provider, model } = self
            .providers
            .resolve(actor.project, &request.model)
            .await?;
        let ledger = self.ledger(actor).await;
        let reservation = self.admit(actor, &ledger, &request).await?;
        let limit_headers = reservation.headers();
        let (body, hide_usage) = (std::mem::take(&mut request.body), request.hide_usage);
        let call = Call::begin(ledger, provider.clone(), request, reservation);
        let span = call.span();
        async {
            match self.send(&provider, &model, headers, body).await {
                Ok(response) if streams(&response) => {
                    Ok(self.relay(&provider, response, hide_usage, call))
                }
                Ok(response) => self.pass_whole(&provider, response, call).await,
                Err(error) => Err(self.fail(call, error).await),
            }
        }
        .instrument(span)
        .await
        .map(|answer: Answer| answer.with_headers(limit_headers))
    }

    async fn admit(
        &self,
        actor: &Actor,
        ledger: &Ledger,
        request: &ChatRequest,
    ) -> Result<Reservation, LlmError> {
        let key = match &actor.subject {
            kernel::Subject::ApiKey { id, .. } => Some(*id),
            kernel::Subject::User(_) | kernel::Subject::System => None,
        };
        let subject = Subject {
            project: actor.project,
            key,
            user: request.links.user_id.as_deref(),
            tags: &request.links.tags,
            model: &request.model,
            route: None,
        };
        let price = ledger.prices.as_ref();
        let price = price
            .and_then(|prices| prices.price(&PricedCall::of(&[&request.model], self.clock.now())));
        let (size, output) = (request.body.len(), request.max_output_tokens);
        let estimate = self.limits.estimate(size, output, price);
        self.limits.admit(&subject, estimate).await
    }

    async fn send(
        &self,
        provider: &Provider,
        model: &str,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Response, LlmError> {
        let ask = Ask {
            operation: Operation::Chat(Dialect::OpenAiChat),
            model,
            stream: false,
        };
        let request = self.providers.request(provider, &ask, headers, body)?;
        let client = &self.providers.client;
        client
            .send(provider, request, client.first_byte_timeout)
            .await
    }

    pub async fn models(&self, actor: &Actor, headers: &CallerHeaders) -> Result<Answer, LlmError> {
        actor.require(Permission::GatewayCall)?;
        models::list(&self.providers, actor.project, headers)
            .await
            .map(Answer::from)
    }

    pub async fn model(
        &self,
        actor: &Actor,
        headers: &CallerHeaders,
        model: &str,
    ) -> Result<Answer, LlmError> {
        actor.require(Permission::GatewayCall)?;
        models::get(&self.providers, actor.project, model, headers)
            .await
            .map(Answer::from)
    }

    async fn ledger(&self, actor: &Actor) -> Ledger {
        let prices = self.prices.table(actor.project).await;
        let prices = prices.inspect_err(|error| {
            tracing::error!(%error, "the prices can not be read; this call has no cost");
        });
        Ledger {
            recorder: self.recorder.clone(),
            clock: self.clock.clone(),
            project: actor.project,
            prices: prices.ok(),
        }
    }

    fn relay(
        &self,
        provider: &Provider,
        response: Response,
        hide_usage: bool,
        mut call: Call,
    ) -> Answer {
        call.begin_stream(self.capture_limit);
        let (status, headers) = (response.status().as_u16(), passed_headers(&response));
        let trace_id = call.trace_id().clone();
        let relay = Relay {
            upstream: response,
            provider: provider.name.clone(),
            idle_timeout: self.providers.client.idle_timeout,
            event_limit: self.providers.client.response_limit,
            hide_usage,
            call,
        };
        let trace_id = Some(trace_id);
        Answer {
            status,
            headers,
            trace_id,
            body: AnswerBody::Stream(relay.into_stream().boxed()),
        }
    }

    async fn pass_whole(
        &self,
        provider: &Provider,
        response: Response,
        mut call: Call,
    ) -> Result<Answer, LlmError> {
        let (status, headers) = (response.status(), passed_headers(&response));
        let body = match self.providers.client.read_whole(provider, response).await {
            Ok(body) => body,
            Err(error) => return Err(self.fail(call, error).await),
        };
        let trace_id = call.trace_id().clone();
        let stored = if status.is_success() {
            call.end(Generation::of_answer(&body, self.capture_limit), None)
                .await
        } else {
            let shown: String = String::from_utf8_lossy(&body)
                .chars()
                .take(REFUSAL_CHARS)
                .collect();
            let failure = format!("{} answered {}: {shown}", provider.name, status.as_u16());
            call.end(
                Generation::of_unreadable(&body, self.capture_limit),
                Some(failure),
            )
            .await
        };
        let trace_id = stored.is_ok().then_some(trace_id);
        Ok(Answer {
            status: status.as_u16(),
            headers,
            trace_id,
            body: AnswerBody::Whole(body),
        })
    }

    async fn fail(&self, mut call: Call, error: LlmError) -> LlmError {
        // The record's fate is logged and counted where it is decided; the caller gets this error.
        let _stored = call
            .end(Generation::default(), Some(error.to_string()))
            .await;
        error
    }
}

/// A provider that was asked for a stream may still answer whole, with an error above all.
fn streams(response: &Response) -> bool {
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    response.status().is_success()
        && content_type.is_some_and(|value| value.starts_with(EVENT_STREAM))
}
