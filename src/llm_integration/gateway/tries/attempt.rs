//! One try: a request to one target, and what came of it.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::{
    Response,
    header::{CONTENT_TYPE, HeaderMap},
};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Duration, Instant},
};

use super::{
    chain::Tries,
    failed::{Failed, Refusal},
    log::TryNote,
    read,
};
use crate::llm_integration::{
    LlmError,
    dialects::{Dialect, EncodeContext, ErrorKind, Frame, ProviderError, chat},
    providers::{Ask, Framing, Operation, Provider, Resolved, passed_headers, retry_after},
    routing::{Entered, FailureClass, Policy, Target},
};

/// An answer that is passed on, with everything that must be held until it has ended.
pub(in super::super) struct Upstream {
    pub provider: Arc<Provider>,
    /// As the provider knows it.
    pub model: String,
    /// What the provider speaks.
    pub dialect: Dialect,
    pub status: u16,
    pub headers: HeaderMap,
    pub content: Content,
    pub policy: Policy,
    pub hide_usage: bool,
    pub dropped: Vec<String>,
    pub translation: Option<EncodeContext>,
    pub entered: Entered,
    pub place: OwnedSemaphorePermit,
}

pub(in super::super) enum Content {
    Whole {
        body: Bytes,
        /// What it says; only where it is told in other words.
        answer: Option<Box<chat::Answer>>,
    },
    Stream {
        first: Bytes,
        rest: Response,
        framing: Framing,
    },
}

/// A try that is under way. Dropped before it has ended, it is noted as cancelled.
struct Noted<'a> {
    tries: &'a Tries,
    note: Option<TryNote>,
    began: Instant,
}

impl Tries {
    /// Tries `target` once.
    pub(super) async fn attempt(
        &self,
        target: &Target,
        policy: &Policy,
        hedge: bool,
    ) -> Result<Upstream, Failed> {
        let Resolved { provider, model } = self.resolve(target).await?;
        let name = self.health_name(&provider);
        let mut noted = Noted {
            tries: self,
            note: Some(TryNote::ok(
                provider.name.as_str(),
                &model,
                hedge,
                Duration::ZERO,
            )),
            began: Instant::now(),
        };
        let endpoint = self.health.endpoint(&name, &model);
        let entered = endpoint.enter(policy.breaker).map_err(|refusal| {
            let error = LlmError::BreakersOpen {
                model: self.body.model.clone(),
                retry_after: refusal.retry_after,
            };
            Failed::of_class(FailureClass::BreakerOpen, error)
        });
        let place = self.places.take_at(&name).ok_or_else(|| {
            let provider = provider.name.clone();
            Failed::of_class(FailureClass::Busy, LlmError::ProviderBusy { provider })
        });
        let tried = match (entered, place) {
            (Ok(entered), Ok(place)) => {
                let at = (provider.clone(), model.as_str());
                self.send(at, target, policy, (entered, place)).await
            }
            (Err(failed), _) | (_, Err(failed)) => Err(failed),
        };
        noted.end(&tried);
        tried
    }

    async fn send(
        &self,
        (provider, model): (Arc<Provider>, &str),
        target: &Target,
        policy: &Policy,
        (mut entered, place): (Entered, OwnedSemaphorePermit),
    ) -> Result<Upstream, Failed> {
        let prepared = self.body.prepare(&provider, model, &target.params)?;
        let ask = Ask {
            operation: Operation::Chat(prepared.dialect),
            model,
            stream: self.body.stream,
        };
        let request = self
            .providers
            .request(&provider, &ask, &self.headers, prepared.body)?;
        let until = (Instant::now() + policy.first_byte_timeout).min(self.deadline);
        let answered = self
            .answer(&provider, request, policy, (prepared.dialect, until))
            .await;
        let (status, headers, content) = match answered {
            Ok(answered) => answered,
            Err(failed) => {
                if entered.failed(failed.class) {
                    tracing::warn!(provider = provider.name.as_str(), model, "a breaker opened");
                }
                return Err(failed);
            }
        };
        entered.first_byte();
        let content = match content {
            Content::Whole { body, .. } if prepared.translation.is_some() => {
                let answer = prepared.dialect.decode_answer(&body).map_err(|source| {
                    entered.failed(FailureClass::Unreadable);
                    LlmError::AnswerUnreadable {
                        provider: provider.name.clone(),
                        source,
                    }
                })?;
                let answer = Some(Box::new(answer));
                Content::Whole { body, answer }
            }
            content => content,
        };
        if matches!(content, Content::Whole { .. }) {
            entered.succeeded();
        }
        Ok(Upstream {
            dialect: prepared.dialect,
            hide_usage: prepared.hide_usage,
            dropped: prepared.dropped,
            translation: prepared.translation,
            model: model.to_owned(),
            policy: *policy,
            provider,
            status,
            headers,
            content,
            entered,
            place,
        })
    }

    /// The head of a successful answer, and its body as far as it must be known before it is
    /// passed on: all of it, or the first bytes of a stream.
    async fn answer(
        &self,
        provider: &Arc<Provider>,
        request: reqwest::Request,
        policy: &Policy,
        (dialect, until): (Dialect, Instant),
    ) -> Result<(u16, HeaderMap, Content), Failed> {
        let limit = until.saturating_duration_since(Instant::now());
        let mut response = self.providers.client.send(provider, request, limit).await?;
        let (status, headers) = (response.status().as_u16(), passed_headers(&response));
        if status >= 400 {
            let body = self.whole(response, provider, policy).await?;
            let wait = retry_after(&headers, &body, self.clock.now());
            let error = dialect.decode_error(status, &body);
            let refusal = Refusal {
                provider: Arc::clone(provider),
                dialect,
                status,
                headers,
                body,
                is_whole: true,
                error,
            };
            return Err(Failed::of_refusal(refusal, wait));
        }
        let Some(framing) = streams(&response) else {
            let body = self.whole(response, provider, policy).await?;
            return Ok((status, headers, Content::Whole { body, answer: None }));
        };
        let silence = until.saturating_duration_since(Instant::now());
        let first = read::next_chunk(&mut response, provider, silence, self.deadline).await?;
        let Some(first) = first else {
            let provider = provider.name.clone();
            return Err(LlmError::ProviderCutOff { provider }.into());
        };
        if let Some(error) = error_in(dialect, framing, &first) {
            let refusal = Refusal {
                provider: Arc::clone(provider),
                dialect,
                status: status_of(error.kind),
                headers: HeaderMap::new(),
                body: first,
                is_whole: false,
                error,
            };
            return Err(Failed::of_refusal(refusal, None));
        }
        let content = Content::Stream {
            first,
            rest: response,
            framing,
        };
        Ok((status, headers, content))
    }

    async fn whole(
        &self,
        response: Response,
        provider: &Provider,
        policy: &Policy,
    ) -> Result<Bytes, LlmError> {
        let limits = (self.deadline, self.providers.client.response_limit);
        read::whole(response, provider, policy, limits).await
    }
}

impl Noted<'_> {
    fn end(&mut self, tried: &Result<Upstream, Failed>) {
        let Some(mut note) = self.note.take() else {
            return;
        };
        note.took_ms = self.took_ms();
        self.tries.log.add(match tried {
            Ok(_) => note,
            Err(failed) => note.failed(failed.class, failed.status, &failed.message()),
        });
    }

    fn took_ms(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        if let Some(mut note) = self.note.take() {
            note.took_ms = self.took_ms();
            self.tries.log.add(note.cancelled());
        }
    }
}

/// A provider that was asked for a stream may still answer whole.
fn streams(response: &Response) -> Option<Framing> {
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    if kind.starts_with("text/event-stream") {
        Some(Framing::ServerSentEvents)
    } else if kind.starts_with("application/vnd.amazon.eventstream") {
        Some(Framing::AwsEventStream)
    } else {
        None
    }
}

/// The error that a stream begins with: nothing of the answer is lost then, so others can be tried.
fn error_in(dialect: Dialect, framing: Framing, first: &Bytes) -> Option<ProviderError> {
    const ERROR: &[u8] = b"\"error\"";
    let may_hold_one = first.windows(ERROR.len()).any(|window| window == ERROR);
    if framing != Framing::ServerSentEvents || !may_hold_one {
        return None;
    }
    let mut splitter = super::super::sse::Splitter::new(first.len());
    let events = splitter.push(first).ok()?;
    let data = events.into_iter().find_map(|event| event.data)?;
    let mut decoder = dialect.event_decoder();
    let mut told = Vec::new();
    let frame = Frame {
        event: None,
        data: &data,
    };
    decoder.take(frame, &mut told).ok()?;
    told.into_iter().find_map(|event| match event {
        chat::Event::Error(error) => Some(error),
        _ => None,
    })
}

/// The status that an error would have had outside a stream.
const fn status_of(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::ContextLength => 400,
        ErrorKind::Authentication => 401,
        ErrorKind::Billing => 402,
        ErrorKind::Permission => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::Conflict => 409,
        ErrorKind::TooLarge => 413,
        ErrorKind::RateLimit | ErrorKind::Quota => 429,
        ErrorKind::Overloaded => 503,
        ErrorKind::Timeout => 504,
        ErrorKind::Server => 502,
    }
}
