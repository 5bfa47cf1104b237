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
    super::generation::Generation,
    body::{CallBody, Prepared, Reading},
    chain::Tries,
    failed::{Failed, Refusal},
    log::TryNote,
    read,
};
use crate::llm_integration::{
    LlmError,
    dialects::{Dialect, EncodeContext, ErrorKind, Frame, ProviderError, Untranslatable, chat},
    providers::{Ask, Framing, Operation, Origin, Provider, Resolved, passed_headers, retry_after},
    routing::{Entered, FailureClass, Policy, Target},
};

/// An answer that is passed on, with everything that must be held until it has ended.
pub(in super::super) struct Upstream {
    pub content: Content,
    pub by: Answerer,
}

/// Who answers, and how.
pub(in super::super) struct Answerer {
    pub provider: Arc<Provider>,
    /// As the provider knows it.
    pub model: String,
    /// What the provider speaks.
    pub dialect: Dialect,
    pub status: u16,
    pub headers: HeaderMap,
    pub policy: Policy,
    pub hide_usage: bool,
    pub dropped: Vec<String>,
    /// How a chat is told to a caller who speaks another dialect.
    pub translation: Option<EncodeContext>,
    pub entered: Entered,
    pub place: OwnedSemaphorePermit,
}

pub(in super::super) enum Content {
    Whole(Whole),
    Stream(Streamed),
}

/// An answer that is all there.
pub(in super::super) enum Whole {
    /// In the caller's own dialect.
    AsItCame(Bytes),
    /// A chat in another.
    Chat(Box<chat::Answer>),
    /// Neither: as the caller gets it, and as it is recorded.
    Read(Bytes, Box<Generation>),
}

pub(in super::super) struct Streamed {
    /// What was read of it to know that it is an answer.
    pub first: Bytes,
    pub rest: Response,
    pub framing: Framing,
}

/// What came for the bodies of a try.
struct Received {
    status: u16,
    headers: HeaderMap,
    body: ReceivedBody,
}

enum ReceivedBody {
    /// Of each body that was sent.
    Whole(Vec<Bytes>),
    Stream(Streamed),
}

impl Upstream {
    /// Whether the provider declined to answer for what the content is.
    pub fn is_declined(&self) -> bool {
        match &self.content {
            Content::Whole(Whole::AsItCame(body)) => {
                Generation::of_answer(self.by.dialect, body, 0).is_declined()
            }
            Content::Whole(Whole::Chat(answer)) => {
                Generation::of_told(Dialect::OpenAiChat, answer, 0).is_declined()
            }
            Content::Whole(Whole::Read(..)) | Content::Stream(_) => false,
        }
    }
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
        let mut prepared = self.body.prepare(&provider, model, &target.params)?;
        self.may_go_on(&provider, &prepared).await?;
        let received = self
            .receive((&provider, model), &mut prepared, policy)
            .await;
        let Received {
            status,
            headers,
            body,
        } = match received {
            Ok(received) => received,
            Err(failed) => {
                if entered.failed(failed.class) {
                    tracing::warn!(provider = provider.name.as_str(), model, "a breaker opened");
                }
                return Err(failed);
            }
        };
        entered.first_byte();
        let content = match body {
            ReceivedBody::Stream(streamed) => Content::Stream(streamed),
            ReceivedBody::Whole(bodies) => match self.read(&provider, &prepared, &bodies) {
                Ok(whole) => {
                    entered.succeeded();
                    Content::Whole(whole)
                }
                Err(error) => {
                    entered.failed(FailureClass::Unreadable);
                    return Err(error.into());
                }
            },
        };
        let by = Answerer {
            dialect: prepared.dialect,
            hide_usage: prepared.hide_usage,
            dropped: prepared.dropped,
            translation: match prepared.reading {
                Reading::Told(words) => Some(words),
                Reading::AsItCame | Reading::Embeddings(_) | Reading::Rerank => None,
            },
            model: model.to_owned(),
            policy: *policy,
            provider,
            status,
            headers,
            entered,
            place,
        };
        Ok(Upstream { content, by })
    }

    /// At a provider that projects share, a project goes on from its own responses only.
    async fn may_go_on(&self, provider: &Provider, to: &Prepared) -> Result<(), LlmError> {
        let keeps = to.operation == Operation::Chat(Dialect::OpenAiResponses);
        if provider.origin == Origin::Project || !keeps {
            return Ok(());
        }
        if self.body.kept.in_conversation {
            let why = "the conversations of a provider that projects share are not kept apart; \
                       use `previous_response_id`";
            return Err(Untranslatable::new("conversation", why).into());
        }
        let Some(previous) = &self.body.kept.previous else {
            return Ok(());
        };
        let keeper = self.responses.provider_of(self.project, previous).await?;
        if keeper.as_deref() == Some(provider.name.as_str()) {
            return Ok(());
        }
        Err(LlmError::Missing {
            what: "response",
            id: previous.clone(),
        })
    }

    /// Sends each body, and reads the answers as far as they must be known before they are passed on:
    /// to their ends, or the first bytes of a stream.
    async fn receive(
        &self,
        (provider, model): (&Arc<Provider>, &str),
        prepared: &mut Prepared,
        policy: &Policy,
    ) -> Result<Received, Failed> {
        let ask = Ask {
            operation: prepared.operation,
            model,
            stream: self.body.stream,
        };
        let mut whole = Vec::with_capacity(prepared.bodies.len());
        let mut head = (0, HeaderMap::new());
        for body in std::mem::take(&mut prepared.bodies) {
            let request = self
                .providers
                .request(provider, &ask, &self.headers, body)?;
            let until = (Instant::now() + policy.first_byte_timeout).min(self.deadline);
            let received = self
                .answer(provider, request, policy, (prepared.dialect, until))
                .await?;
            match received.body {
                ReceivedBody::Stream(_) => return Ok(received),
                ReceivedBody::Whole(bodies) => whole.extend(bodies),
            }
            head = (received.status, received.headers);
        }
        let (status, headers) = head;
        Ok(Received {
            status,
            headers,
            body: ReceivedBody::Whole(whole),
        })
    }

    fn read(
        &self,
        provider: &Provider,
        prepared: &Prepared,
        bodies: &[Bytes],
    ) -> Result<Whole, LlmError> {
        let first = || bodies.first().cloned().unwrap_or_default();
        match &prepared.reading {
            Reading::AsItCame => Ok(Whole::AsItCame(first())),
            Reading::Told(_) => match prepared.dialect.decode_answer(&first()) {
                Ok(answer) => Ok(Whole::Chat(Box::new(answer))),
                Err(source) => Err(LlmError::AnswerUnreadable {
                    provider: provider.name.clone(),
                    source,
                }),
            },
            Reading::Rerank => match CallBody::read_rerank(&first()) {
                Ok(generation) => Ok(Whole::Read(first(), Box::new(generation))),
                Err(source) => Err(LlmError::AnswerUnreadable {
                    provider: provider.name.clone(),
                    source,
                }),
            },
            Reading::Embeddings(dialect) => match self.body.read_embeddings(*dialect, bodies) {
                Ok((body, generation)) => Ok(Whole::Read(body, Box::new(generation))),
                Err(source) => Err(LlmError::EmbeddingsUnreadable {
                    provider: provider.name.clone(),
                    source,
                }),
            },
        }
    }

    /// One answer, which must be a success.
    async fn answer(
        &self,
        provider: &Arc<Provider>,
        request: reqwest::Request,
        policy: &Policy,
        (dialect, until): (Dialect, Instant),
    ) -> Result<Received, Failed> {
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
            return Ok(Received {
                status,
                headers,
                body: ReceivedBody::Whole(vec![body]),
            });
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
        let streamed = Streamed {
            first,
            rest: response,
            framing,
        };
        Ok(Received {
            status,
            headers,
            body: ReceivedBody::Stream(streamed),
        })
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
