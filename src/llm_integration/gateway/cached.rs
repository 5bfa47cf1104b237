//! Answers that were given before: looked up before a call, and kept after it.

use std::{convert::Infallible, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use reqwest::header::HeaderMap;

use super::{
    Gateway,
    answer::{Answer, AnswerBody, retold},
    call::Call,
    conclude::After,
    draft::{HIT, MISS, Routed},
    generation::Generation,
    guard::{Guarded, blocked, check_answer},
    options::CallOptions,
    request::Asking,
    tries::CallBody,
};
use crate::{
    kernel::{Clock, Failure, ProjectId},
    llm_integration::{
        LlmError,
        cache::{
            AnswerCache, CacheControl, CacheKey, CachedAnswer, Lead, Lookup, Namespace, Slot, Turn,
        },
        dialects::{Dialect, EncodeContext, chat},
        routing::Route,
    },
};

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";

/// Where the answer of a call is kept.
pub(super) struct Keep {
    pub cache: AnswerCache,
    pub clock: Clock,
    pub surface: Dialect,
    pub context: EncodeContext,
    slot: Slot,
    ttl: Option<Duration>,
    /// Of equal calls at the same time, the one that is made.
    lead: Option<Lead>,
}

/// What the cache had.
pub(super) enum Found {
    Answer(Box<CachedAnswer>),
    Keep(Box<Keep>),
    /// Nobody asked for the cache.
    Nothing,
}

impl Keep {
    /// Keeps an answer that was streamed.
    pub async fn answer(self, answer: &chat::Answer, routed: &Routed) {
        let body = self.surface.encode_answer(answer, &self.context);
        self.body(body, routed).await;
    }

    /// Keeps an answer as the caller got it.
    pub async fn body(self, body: Bytes, routed: &Routed) {
        let provider = routed.provider.as_ref();
        let answer = CachedAnswer {
            body,
            provider: provider.map(|(name, _)| name.clone()).unwrap_or_default(),
            model: routed.model.clone(),
            stored_at: self.clock.now(),
        };
        self.cache.put(self.slot, &answer, self.ttl).await;
        if let Some(lead) = self.lead {
            lead.finish(answer);
        }
    }
}

impl Gateway {
    /// Looks for an answer to an equal call, where the call or its route asks for that.
    pub(super) async fn look_up(
        &self,
        project: ProjectId,
        body: &CallBody,
        (options, route): (&CallOptions, Option<&Route>),
        call: &mut Call,
    ) -> Result<Found, LlmError> {
        let Some((ttl, namespace, single_flight)) = wish(options, route)? else {
            return Ok(Found::Nothing);
        };
        let name = body.asking.cache_name();
        let key = CacheKey::new(project, namespace, name, &body.bytes);
        let Some(key) = key else {
            return Ok(Found::Nothing);
        };
        let context = body.context()?;
        let cache = &self.0.cache;
        let slot = match cache.look_up(key).await {
            Lookup::Hit(answer) => return Ok(Found::Answer(Box::new(answer))),
            Lookup::Miss(slot) => slot,
        };
        let (lead, slot) = if single_flight {
            match cache.join(slot).await {
                Turn::Lead(lead, slot) => (Some(lead), slot),
                Turn::Answered(answer) => return Ok(Found::Answer(Box::new(answer))),
            }
        } else {
            (None, slot)
        };
        call.routed.cache = Some(MISS);
        Ok(Found::Keep(Box::new(Keep {
            cache: cache.clone(),
            clock: self.0.clock.clone(),
            surface: body.surface(),
            context,
            slot,
            ttl,
            lead,
        })))
    }

    /// Answers with what was kept. It is guarded as a new answer would be.
    pub(super) async fn answer_again(
        &self,
        kept: CachedAnswer,
        body: &CallBody,
        mut call: Call,
        after: After,
    ) -> Result<Answer, Failure> {
        let CachedAnswer {
            body: mut kept,
            provider,
            model,
            stored_at: _,
        } = kept;
        call.routed.cache = Some(HIT);
        call.routed.provider = Some((provider, None));
        call.routed.model = model;
        let surface = body.surface();
        let context = body.context()?;
        let is_chat = matches!(body.asking, Asking::Chat(_));
        let guards = after.guards.as_ref();
        let guards = guards.filter(|guards| is_chat && guards.guards_output());
        let told = (guards.is_some() || body.stream)
            .then(|| surface.decode_answer(&kept))
            .transpose();
        let mut told = match told {
            Ok(told) => told,
            Err(source) => {
                let error = LlmError::KeptUnreadable { source };
                let nothing = Generation::default();
                return Err(self.refuse(call, error, nothing, after.limits).await);
            }
        };
        if let Some((answer, guards)) = told.clone().zip(guards) {
            match check_answer(guards, answer, &mut call).await {
                Guarded::AsItCame => {}
                Guarded::Redacted(answer) => {
                    kept = surface.encode_answer(&answer, &context);
                    told = Some(*answer);
                }
                Guarded::Blocked(error) => {
                    let generation = blocked(Generation::of_answer(surface, &kept, 0));
                    return Err(self.refuse(call, error, generation, after.limits).await);
                }
            }
        }
        let generation = if is_chat {
            Generation {
                usage: None,
                ..Generation::of_answer(surface, &kept, self.0.capture_limit)
            }
        } else {
            Generation::default()
        };
        let stored = call.end(generation, None).await.is_ok();
        let mut about = super::conclude::about(&call, stored);
        about.extend(after.limits);
        let (headers, body) = match told.filter(|_| body.stream) {
            Some(answer) => {
                let bytes = told_at_once(surface, answer, &context);
                let one = stream::iter([Ok::<_, Infallible>(bytes)]);
                (
                    retold(HeaderMap::new(), EVENT_STREAM),
                    AnswerBody::Stream(one.boxed()),
                )
            }
            None => (retold(HeaderMap::new(), JSON), AnswerBody::Whole(kept)),
        };
        Ok(Answer {
            status: 200,
            headers,
            about,
            body,
        })
    }
}

/// How long, in which namespace, and whether equal calls wait for one another.
type Wish = (Option<Duration>, Namespace, bool);

/// What a call, or else its route, wants of the cache.
fn wish(options: &CallOptions, route: Option<&Route>) -> Result<Option<Wish>, LlmError> {
    match &options.cache {
        Some(CacheControl::NoStore) => return Ok(None),
        Some(CacheControl::Store {
            ttl,
            namespace,
            single_flight,
        }) => {
            return Ok(Some((
                *ttl,
                namespace.clone().unwrap_or_default(),
                *single_flight,
            )));
        }
        None => {}
    }
    let Some(wish) = route.and_then(|route| route.cache.as_ref()) else {
        return Ok(None);
    };
    let namespace = wish.namespace.as_deref().map(str::parse).transpose();
    let namespace = namespace.map_err(|what| LlmError::RouteInvalid { what })?;
    let ttl = Duration::from_secs(wish.ttl_seconds);
    Ok(Some((Some(ttl), namespace.unwrap_or_default(), false)))
}

/// A whole answer as a stream that comes at once.
fn told_at_once(surface: Dialect, answer: chat::Answer, context: &EncodeContext) -> Bytes {
    let mut encoder = surface.event_encoder(context);
    let mut out = BytesMut::new();
    for event in answer.into_events() {
        encoder.take(&event, &mut out);
    }
    encoder.finish(&mut out);
    out.freeze()
}
