//! From the tries' outcome to the caller's answer: passed on, told in other words, or a failure.

use std::sync::Arc;

use futures::StreamExt;

use super::{
    Gateway,
    answer::{self, Answer, AnswerBody, retold},
    cached::Keep,
    call::{self, Call},
    frames::Frames,
    generation::Generation,
    guard::{Guarded, blocked, check_answer},
    relay::{Relay, Writing},
    stored::Noting,
    tap::Tap,
    tries::{Answerer, Cause, Content, Failed, Refusal, Streamed, Tries, Upstream, Whole},
};
use crate::{
    kernel::Failure,
    llm_integration::{
        LlmError,
        dialects::{Dialect, EncodeContext},
        guardrails::GuardPlan,
        providers::Provider,
    },
};

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";
/// How much of a refusal is said in the trace's status; all of it is in its output.
const REFUSAL_CHARS: usize = 500;

/// What is done with an answer before the caller gets it. A shadow's is only traced.
#[derive(Default)]
pub(super) struct After {
    pub guards: Option<Arc<GuardPlan>>,
    pub keep: Option<Keep>,
    /// Headers that tell of limits.
    pub limits: Vec<(&'static str, String)>,
}

/// An answer that is not let out, and what is recorded of it.
struct Unfit {
    error: LlmError,
    generation: Box<Generation>,
}

impl After {
    fn guards_output(&self) -> bool {
        self.guards
            .as_ref()
            .is_some_and(|guards| guards.guards_output())
    }
}

impl Gateway {
    pub(super) async fn conclude(
        &self,
        tries: &Tries,
        outcome: Result<Upstream, Failed>,
        mut call: Call,
        after: After,
    ) -> Result<Answer, Failure> {
        match outcome {
            Ok(Upstream { content, by }) => {
                call.answered_by(&by);
                match content {
                    Content::Whole(whole) => self.whole(tries, (whole, by), call, after).await,
                    Content::Stream(streamed) => {
                        self.stream(tries, (streamed, by), call, after).await
                    }
                }
            }
            Err(failed) => self.failed(tries, failed, call, after.limits).await,
        }
    }

    /// Ends a call whose answer is all there.
    async fn whole(
        &self,
        tries: &Tries,
        (whole, by): (Whole, Answerer),
        mut call: Call,
        after: After,
    ) -> Result<Answer, Failure> {
        let Answerer {
            provider,
            status,
            headers,
            translation,
            dialect,
            entered,
            place,
            ..
        } = by;
        drop((entered, place));
        let said = (provider.as_ref(), dialect);
        let (whole, translation) = match self
            .guarded(tries, said, (whole, translation), (&mut call, &after))
            .await
        {
            Ok(guarded) => guarded,
            Err(Unfit { error, generation }) => {
                return Err(self.refuse(call, error, *generation, after.limits).await);
            }
        };
        let (surface, limit) = (tries.body.surface(), self.0.capture_limit);
        let (headers, body, generation) = match whole {
            Whole::AsItCame(body) => {
                let generation = Generation::of_answer(dialect, &body, limit);
                (headers, body, generation)
            }
            Whole::Chat(answer) => {
                let generation = Generation::of_told(surface, &answer, limit);
                let body = surface.encode_answer(&answer, &translation.unwrap_or_default());
                (retold(headers, JSON), body, generation)
            }
            Whole::Read(body, generation) => (retold(headers, JSON), body, *generation),
        };
        let keep = after.keep.filter(|_| !generation.is_declined());
        let noting = Noting::of(tries, &provider, dialect).zip(generation.id.clone());
        let noted = async {
            if let Some((noting, id)) = noting {
                noting.note(id).await;
            }
        };
        let (ended, ()) = tokio::join!(call.end(generation, None), noted);
        let stored = ended.is_ok();
        if let Some(keep) = keep {
            keep.body(body.clone(), &call.routed).await;
        }
        let mut about = about(&call, stored);
        about.extend(after.limits);
        Ok(Answer {
            status,
            headers,
            about,
            body: AnswerBody::Whole(body),
        })
    }

    /// Lets the guards look at a whole answer, and gives what may be let out.
    async fn guarded(
        &self,
        tries: &Tries,
        (provider, dialect): (&Provider, Dialect),
        (whole, translation): (Whole, Option<EncodeContext>),
        (call, after): (&mut Call, &After),
    ) -> Result<(Whole, Option<EncodeContext>), Unfit> {
        let Some(guards) = after.guards.as_ref().filter(|_| after.guards_output()) else {
            return Ok((whole, translation));
        };
        let limit = self.0.capture_limit;
        let generation = || match &whole {
            Whole::AsItCame(body) => Generation::of_answer(dialect, body, limit),
            Whole::Chat(answer) => Generation::of_told(tries.body.surface(), answer, limit),
            Whole::Read(_, generation) => generation.as_ref().clone(),
        };
        let unfit = |error, generation| Unfit {
            error,
            generation: Box::new(generation),
        };
        let answer = match &whole {
            Whole::AsItCame(body) => dialect.decode_answer(body).map_err(|source| {
                let provider = provider.name.clone();
                unfit(
                    LlmError::AnswerUnreadable { provider, source },
                    generation(),
                )
            })?,
            Whole::Chat(answer) => answer.as_ref().clone(),
            // Numbers, or the caller's own documents: no text of a model's to look at.
            Whole::Read(..) => return Ok((whole, translation)),
        };
        match check_answer(guards, answer, call).await {
            Guarded::AsItCame => Ok((whole, translation)),
            Guarded::Redacted(answer) => {
                let context = tries.body.context();
                let context = context.map_err(|error| unfit(error, blocked(generation())))?;
                Ok((Whole::Chat(answer), Some(context)))
            }
            Guarded::Blocked(error) => Err(unfit(error, blocked(generation()))),
        }
    }

    async fn stream(
        &self,
        tries: &Tries,
        (streamed, by): (Streamed, Answerer),
        mut call: Call,
        after: After,
    ) -> Result<Answer, Failure> {
        let limit = self.0.capture_limit;
        let (surface, dialect) = (tries.body.surface(), by.dialect);
        let event_limit = tries.providers.client.response_limit;
        let guard = after.guards.as_ref().and_then(GuardPlan::event_guard);
        let context = match (by.translation, &guard) {
            (Some(context), _) => Some(context),
            (None, None) => None,
            (None, Some(_)) => match tries.body.context() {
                Ok(context) => Some(context),
                Err(error) => {
                    let nothing = Generation::default();
                    return Err(self.refuse(call, error, nothing, after.limits).await);
                }
            },
        };
        let (writing, tap, headers) = match context {
            Some(context) => (
                Writing::Tell(surface.event_encoder(&context)),
                Tap::telling(dialect, surface, limit, guard),
                retold(by.headers, EVENT_STREAM),
            ),
            None => (
                Writing::Pass {
                    hide_usage: by.hide_usage,
                },
                // What is kept for equal calls must be known whole.
                if after.keep.is_some() {
                    Tap::telling(dialect, surface, limit, None)
                } else {
                    Tap::passing(dialect, limit)
                },
                by.headers,
            ),
        };
        call.begin_stream(tap, Arc::clone(&tries.body));
        let mut about = about(&call, true);
        about.extend(after.limits);
        let Streamed {
            first,
            rest,
            framing,
        } = streamed;
        let noting = Noting::of(tries, &by.provider, dialect);
        let relay = Relay {
            upstream: Some(rest),
            first,
            provider: by.provider,
            dialect,
            surface,
            idle_timeout: by.policy.idle_timeout,
            deadline: tries.deadline,
            event_limit,
            writing,
            frames: Frames::new(framing, event_limit),
            entered: by.entered,
            _place: by.place,
            call,
            keep: after.keep,
            noting,
        };
        Ok(Answer {
            status: by.status,
            headers,
            about,
            body: AnswerBody::Stream(relay.into_stream().boxed()),
        })
    }

    /// Ends a call that no try could answer.
    async fn failed(
        &self,
        tries: &Tries,
        failed: Failed,
        mut call: Call,
        limits: Vec<(&'static str, String)>,
    ) -> Result<Answer, Failure> {
        let class = failed.class.name();
        match failed.cause {
            Cause::Answer(refusal) => {
                let mut answer = self.refused(tries, *refusal, class, call).await;
                answer.about.extend(limits);
                Ok(answer)
            }
            Cause::Error(error) => {
                if let Some(provider) = error.provider() {
                    call.failed_at(provider.as_str(), None);
                }
                Err(self
                    .refuse(call, error, Generation::default(), limits)
                    .await)
            }
        }
    }

    /// Ends a call with a failure of ours, whose headers tell of it.
    pub(super) async fn refuse(
        &self,
        mut call: Call,
        error: LlmError,
        generation: Generation,
        limits: Vec<(&'static str, String)>,
    ) -> Failure {
        let message = error.to_string();
        let failure = Failure::from(error);
        let ended = call::Failure {
            class: failure.code.name(),
            is_reported: false,
            message,
        };
        let stored = call.end(generation, Some(ended)).await.is_ok();
        let about = about(&call, stored).into_iter().chain(limits);
        about.fold(failure, |failure, (name, value)| {
            failure.with_header(name, value)
        })
    }

    /// Passes a provider's refusal on, in the caller's words.
    async fn refused(
        &self,
        tries: &Tries,
        refusal: Refusal,
        class: &'static str,
        mut call: Call,
    ) -> Answer {
        let Refusal {
            provider,
            dialect,
            status,
            headers,
            body,
            is_whole,
            error,
        } = refusal;
        call.failed_at(provider.name.as_str(), Some(provider.kind));
        let shown: String = String::from_utf8_lossy(&body)
            .chars()
            .take(REFUSAL_CHARS)
            .collect();
        let failure = call::Failure {
            class,
            is_reported: false,
            message: format!("{} answered {status}: {shown}", provider.name),
        };
        let generation = Generation::of_unreadable(&body, self.0.capture_limit);
        let stored = call.end(generation, Some(failure)).await.is_ok();
        let surface = tries.body.surface();
        let (status, headers, body) = if dialect == surface && is_whole {
            (status, headers, body)
        } else {
            let (status, body) = surface.encode_error(&error, &tries.body.answer_id);
            (status, retold(headers, JSON), body)
        };
        Answer {
            status,
            headers,
            about: about(&call, stored),
            body: AnswerBody::Whole(body),
        }
    }
}

/// What the answer's headers tell of the call. A trace that is not stored is not claimed.
pub(super) fn about(call: &Call, stored: bool) -> Vec<(&'static str, String)> {
    let routed = &call.routed;
    let mut about = vec![(answer::ATTEMPTS, call.log.count().to_string())];
    if stored {
        about.push((answer::TRACE_ID, call.trace_id().as_str().to_owned()));
    }
    let provider = routed.provider.as_ref();
    about.extend(provider.map(|(name, _)| (answer::PROVIDER, name.clone())));
    about.extend(routed.model.clone().map(|model| (answer::MODEL, model)));
    about.extend(routed.cache.map(|cache| (answer::CACHE, cache.to_owned())));
    if !routed.dropped.is_empty() {
        about.push((answer::DROPPED, routed.dropped.join(",")));
    }
    about
}
