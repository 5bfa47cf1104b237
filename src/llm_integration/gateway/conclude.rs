//! From the tries' outcome to the caller's answer: passed on, told in other words, or a failure.

use futures::StreamExt;

use super::{
    Gateway,
    answer::{self, Answer, AnswerBody, retold},
    call::{self, Call},
    frames::Frames,
    generation::Generation,
    pipeline::Ready,
    relay::{Relay, Writing},
    tap::Tap,
    tries::{Cause, Content, Failed, Refusal, Tries, Upstream},
};
use crate::{kernel::Failure, llm_integration::providers::Framing};

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";
/// How much of a refusal is said in the trace's status; all of it is in its output.
const REFUSAL_CHARS: usize = 500;

impl Gateway {
    /// Tries, and answers.
    pub(super) async fn run(&self, ready: Ready) -> Result<Answer, Failure> {
        let Ready {
            tries,
            plan,
            call,
            headers,
        } = ready;
        let outcome = tries.run(&plan).await;
        self.conclude(&tries, outcome, call, headers).await
    }

    pub(super) async fn conclude(
        &self,
        tries: &Tries,
        outcome: Result<Upstream, Failed>,
        mut call: Call,
        headers: Vec<(&'static str, String)>,
    ) -> Result<Answer, Failure> {
        match outcome {
            Ok(upstream) => {
                call.answered_by(&upstream);
                let mut answer = match upstream.content {
                    Content::Whole { .. } => self.whole(tries, upstream, call).await,
                    Content::Stream { .. } => self.stream(tries, upstream, call),
                };
                answer.about.extend(headers);
                Ok(answer)
            }
            Err(failed) => self.failed(tries, failed, call, headers).await,
        }
    }

    /// Ends a call whose answer is all there.
    async fn whole(&self, tries: &Tries, upstream: Upstream, mut call: Call) -> Answer {
        let Upstream {
            status,
            headers,
            content,
            translation,
            dialect,
            entered,
            place,
            ..
        } = upstream;
        drop((entered, place));
        let (body, told) = match content {
            Content::Whole { body, answer } => (body, answer),
            Content::Stream { first, .. } => (first, None),
        };
        let surface = tries.body.surface;
        let (headers, body, generation) = match (told, translation) {
            (Some(told), Some(context)) => {
                let generation = Generation::of_told(surface, &told, self.0.capture_limit);
                let body = surface.encode_answer(&told, &context);
                (retold(headers, JSON), body, generation)
            }
            _ => {
                let generation = Generation::of_answer(dialect, &body, self.0.capture_limit);
                (headers, body, generation)
            }
        };
        let stored = call.end(generation, None).await.is_ok();
        Answer {
            status,
            headers,
            about: about(&call, stored),
            body: AnswerBody::Whole(body),
        }
    }

    fn stream(&self, tries: &Tries, upstream: Upstream, mut call: Call) -> Answer {
        let limit = self.0.capture_limit;
        let surface = tries.body.surface;
        let event_limit = tries.providers.client.response_limit;
        let (writing, tap, headers) = match upstream.translation {
            Some(context) => (
                Writing::Tell(surface.event_encoder(&context)),
                Tap::telling(upstream.dialect, surface, limit),
                retold(upstream.headers, EVENT_STREAM),
            ),
            None => (
                Writing::Pass {
                    hide_usage: upstream.hide_usage,
                },
                Tap::passing(upstream.dialect, limit),
                upstream.headers,
            ),
        };
        call.begin_stream(tap);
        let about = about(&call, true);
        let (first, rest, frames) = match upstream.content {
            Content::Stream {
                first,
                rest,
                framing,
            } => (first, Some(rest), Frames::new(framing, event_limit)),
            Content::Whole { body, .. } => {
                let framing = Framing::ServerSentEvents;
                (body, None, Frames::new(framing, event_limit))
            }
        };
        let relay = Relay {
            upstream: rest,
            first,
            provider: upstream.provider,
            dialect: upstream.dialect,
            surface,
            idle_timeout: upstream.policy.idle_timeout,
            deadline: tries.deadline,
            event_limit,
            writing,
            frames,
            entered: upstream.entered,
            _place: upstream.place,
            call,
        };
        Answer {
            status: upstream.status,
            headers,
            about,
            body: AnswerBody::Stream(relay.into_stream().boxed()),
        }
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
                let message = error.to_string();
                let failure = call::Failure { class, message };
                let stored = call.end(Generation::default(), Some(failure)).await.is_ok();
                let failure = Failure::from(error);
                let about = about(&call, stored).into_iter().chain(limits);
                Err(about.fold(failure, |failure, (name, value)| {
                    failure.with_header(name, value)
                }))
            }
        }
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
            message: format!("{} answered {status}: {shown}", provider.name),
        };
        let generation = Generation::of_unreadable(&body, self.0.capture_limit);
        let stored = call.end(generation, Some(failure)).await.is_ok();
        let surface = tries.body.surface;
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
fn about(call: &Call, stored: bool) -> Vec<(&'static str, String)> {
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
