//! One call from its begin to its record: whatever ends it, a trace says what happened, and limits
//! count what it used.

use std::{sync::Arc, time::Duration};

use tokio::{sync::OwnedSemaphorePermit, task::JoinHandle, time::Instant};
use tracing::{Span, field::Empty};

use super::{
    assembly::Seen,
    draft::{Closed, Draft, HIT, Routed},
    generation::Generation,
    metrics::{self, Measured},
    request::CallRequest,
    tap::{Broken, Tap},
    tries::{Answerer, CallBody, TryLog},
    uncounted::Uncounted,
};
use crate::{
    kernel::{Actor, ApiKeyId, Clock, NanoUsd, ProjectId, Subject},
    llm_integration::{
        Actual, JsonText, NotStored, PriceTable, ProviderKind, Recorder, Report, Reservation,
        TraceId,
        dialects::{
            Frame,
            chat::{self, Event},
        },
        guardrails::Finding,
    },
};

const CLIENT_LEFT: &str = "the client went away before the answer ended";

/// What a call is recorded with.
#[derive(Clone)]
pub(super) struct Ledger {
    pub recorder: Recorder,
    pub clock: Clock,
    pub project: ProjectId,
    /// `None` when the prices could not be read: the call has no known cost then.
    pub prices: Option<Arc<PriceTable>>,
}

/// Room that a call holds until it has ended.
pub(super) struct Held {
    pub reservation: Reservation,
    pub _place: OwnedSemaphorePermit,
}

/// A call in progress. Dropped before it has ended, it is recorded as left by its client.
pub(super) struct Call {
    ledger: Ledger,
    /// In OpenTelemetry's words.
    operation: &'static str,
    trace_id: TraceId,
    /// `None` once the call is recorded.
    draft: Option<Box<Draft>>,
    /// `None` for a shadow, which counts for nobody.
    held: Option<Held>,
    stream: Option<Streaming>,
    pub routed: Routed,
    pub log: TryLog,
    findings: Vec<Finding>,
    began: Instant,
    first_chunk_after: Option<Duration>,
    chunks: u64,
    span: Span,
}

/// A streamed answer that is listened to.
struct Streaming {
    tap: Tap,
    /// What was asked, where its tokens have to be counted here.
    body: Arc<CallBody>,
}

/// What a stream came to.
struct Heard {
    generation: Generation,
    answer: Option<chat::Answer>,
    /// Where its provider did not say what it used.
    uncounted: Option<Uncounted>,
}

/// How a call ended.
pub(super) struct Failure {
    /// One word for metrics.
    pub class: &'static str,
    /// Whether the provider said so itself, in a stream that it then ended well.
    pub is_reported: bool,
    pub message: String,
}

impl Call {
    pub fn begin(ledger: Ledger, request: &CallRequest, routed: Routed, held: Held) -> Self {
        let draft = Draft::new(&ledger.clock, request);
        let operation = request.asking.operation();
        Self::of((ledger, operation), draft, routed, Some(held))
    }

    /// A call beside this one, in the same trace, that nobody waits for.
    pub fn shadow(&self) -> Option<Self> {
        let draft = self.draft.as_ref()?.shadow(&self.ledger.clock);
        let routed = Routed {
            route: self.routed.route.clone(),
            shadow: true,
            ..Routed::default()
        };
        let ledger = self.ledger.clone();
        Some(Self::of((ledger, self.operation), draft, routed, None))
    }

    fn of(
        (ledger, operation): (Ledger, &'static str),
        draft: Draft,
        routed: Routed,
        held: Option<Held>,
    ) -> Self {
        let trace_id = draft.observation.trace_id.clone();
        let span = tracing::info_span!(
            "gen_ai_call",
            otel.name = draft.observation.name.as_deref(),
            otel.kind = "client",
            gen_ai.operation.name = operation,
            gen_ai.provider.name = Empty,
            gen_ai.request.model = draft.observation.model.as_deref(),
            gen_ai.response.id = Empty,
            gen_ai.response.model = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            error.r#type = Empty,
            kaname.trace_id = trace_id.as_str(),
        );
        Self {
            ledger,
            operation,
            trace_id,
            draft: Some(Box::new(draft)),
            held,
            stream: None,
            routed,
            log: TryLog::default(),
            findings: Vec::new(),
            began: Instant::now(),
            first_chunk_after: None,
            chunks: 0,
            span,
        }
    }

    pub fn trace_id(&self) -> &TraceId {
        &self.trace_id
    }

    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// Notes who answers.
    pub fn answered_by(&mut self, by: &Answerer) {
        let kind = by.provider.kind;
        self.routed.provider = Some((by.provider.name.to_string(), Some(kind)));
        self.routed.model = Some(by.model.clone());
        self.routed.dropped.clone_from(&by.dropped);
        self.span.record("gen_ai.provider.name", kind.otel_name());
    }

    /// Notes who failed.
    pub fn failed_at(&mut self, provider: &str, kind: Option<ProviderKind>) {
        self.routed.provider = Some((provider.to_owned(), kind));
    }

    /// From now on the answer comes in frames.
    pub fn begin_stream(&mut self, tap: Tap, body: Arc<CallBody>) {
        self.stream = Some(Streaming { tap, body });
    }

    /// Takes a frame of a streamed answer, and appends what it says to `events`.
    pub fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<Seen, Broken> {
        let Some(stream) = self.stream.as_mut() else {
            return Ok(Seen::default());
        };
        let seen = stream.tap.take(frame, events)?;
        if seen.has_output {
            self.chunks += 1;
            if self.chunks == 1 {
                self.first_chunk_after = Some(self.began.elapsed());
                let now = self.ledger.clock.now();
                if let Some(draft) = self.draft.as_mut() {
                    draft.observation.completion_started_at = Some(now);
                }
            }
        }
        Ok(seen)
    }

    pub fn tap(&mut self) -> Option<&mut Tap> {
        self.stream.as_mut().map(|stream| &mut stream.tap)
    }

    /// What a guard found; its trace tells it.
    pub fn note_findings(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
    }

    /// Puts what a guard has redacted in the place of the input.
    pub fn set_input(&mut self, input: JsonText) {
        if let Some(draft) = self.draft.as_mut() {
            draft.observation.input = Some(input);
        }
    }

    /// Ends the call with what was streamed, and returns the answer that it was, where that was
    /// kept whole.
    pub async fn end_stream(&mut self, failure: Option<Failure>) -> Option<chat::Answer> {
        let Heard {
            generation,
            answer,
            uncounted,
        } = self.hear(failure.is_none())?;
        let is_whole = failure.is_none() && !generation.is_declined();
        let has_output = failure.is_none() || self.chunks > 0;
        // The record's fate is logged and counted where it is decided; the answer ends either way.
        match uncounted.filter(|_| has_output) {
            None => {
                let _stored = self.end(generation, failure).await;
            }
            Some(uncounted) => {
                let counted = self.end_counted(uncounted, generation, failure);
                if let Err(error) = counted.await {
                    tracing::error!(%error, "a call was not recorded to its end");
                }
            }
        }
        answer.filter(|_| is_whole)
    }

    /// Takes what the stream has come to.
    fn hear(&mut self, is_whole: bool) -> Option<Heard> {
        let Streaming { tap, body } = self.stream.take()?;
        self.findings.extend_from_slice(tap.findings());
        let said = tap.uncounted(is_whole);
        let (generation, answer) = tap.finish();
        Some(Heard {
            generation,
            answer,
            uncounted: said.map(|said| Uncounted { body, said }),
        })
    }

    /// Ends the call once its tokens are counted, in a task of its own: also when its caller goes.
    fn end_counted(
        &mut self,
        uncounted: Uncounted,
        generation: Generation,
        failure: Option<Failure>,
    ) -> JoinHandle<()> {
        let mut call = Self {
            ledger: self.ledger.clone(),
            trace_id: self.trace_id.clone(),
            draft: self.draft.take(),
            held: self.held.take(),
            stream: None,
            routed: self.routed.clone(),
            log: self.log.clone(),
            findings: std::mem::take(&mut self.findings),
            span: self.span.clone(),
            ..*self
        };
        self.ledger.recorder.finish_later(async move {
            let generation = uncounted.counted(generation).await;
            let _stored = call.end(generation, failure).await;
        })
    }

    /// Ends the call; returns when it is counted, and its record durable.
    ///
    /// # Errors
    /// [`NotStored`] when the record could not be made durable in time.
    pub async fn end(
        &mut self,
        generation: Generation,
        failure: Option<Failure>,
    ) -> Result<(), NotStored> {
        let was_answered = failure.is_none() || self.chunks > 0;
        let Some((reports, actual)) = self.close(generation, failure) else {
            return Ok(());
        };
        let held = self.held.take();
        let settled = async {
            match (held, actual) {
                (Some(held), Some(actual)) => held.reservation.settle(actual).await,
                (Some(held), None) if was_answered => held.reservation.commit_estimate().await,
                // No provider did anything: dropping it gives everything back.
                (Some(_) | None, _) => {}
            }
        };
        let recorded = self.ledger.recorder.record(self.ledger.project, reports);
        let ((), recorded) = tokio::join!(settled, recorded);
        recorded
    }

    /// The reports, and what was used where it is known.
    fn close(
        &mut self,
        generation: Generation,
        failure: Option<Failure>,
    ) -> Option<(Vec<Report>, Option<Actual>)> {
        let draft = *self.draft.take()?;
        let (class, message) = failure
            .map(|failure| (failure.class, failure.message))
            .unzip();
        if let Some(id) = &generation.id {
            self.span.record("gen_ai.response.id", id);
        }
        if let Some(class) = class {
            self.span.record("error.type", class);
        }
        let requested = draft.observation.model.clone().unwrap_or_default();
        let Closed {
            reports,
            usage,
            cost,
            response_model,
        } = draft.close(
            (self.ledger.prices.as_deref(), &self.ledger.clock),
            (&self.routed, &self.findings),
            &self.log.notes(),
            generation,
            message,
        );
        if let Some(model) = &response_model {
            self.span.record("gen_ai.response.model", model);
        }
        if let Some(usage) = &usage {
            self.span
                .record("gen_ai.usage.input_tokens", usage.all_input());
            self.span
                .record("gen_ai.usage.output_tokens", usage.all_output());
        }
        metrics::record(&Measured {
            operation: self.operation,
            provider: self.routed.kind().map(ProviderKind::otel_name),
            request_model: &requested,
            response_model: response_model.as_deref(),
            error: class,
            took: self.began.elapsed(),
            first_chunk_after: self.first_chunk_after,
            chunks: self.chunks,
            usage,
        });
        if self.routed.cache == Some(HIT) {
            let nothing = Actual {
                tokens: 0,
                cost: Some(NanoUsd::ZERO),
            };
            return Some((reports, Some(nothing)));
        }
        let actual = usage.map(|usage| Actual {
            tokens: usage.total,
            cost: cost.map(|cost| cost.total),
        });
        Some((reports, actual))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.draft.is_none() {
            return;
        }
        let reached = self.stream.is_some() || self.log.count() > 0;
        let left = Failure {
            class: "client_left",
            is_reported: false,
            message: CLIENT_LEFT.to_owned(),
        };
        let mut generation = Generation::default();
        if let Some(heard) = self.hear(false) {
            generation = heard.generation;
            if let Some(uncounted) = heard.uncounted {
                drop(self.end_counted(uncounted, generation, Some(left)));
                return;
            }
        }
        let Some((reports, actual)) = self.close(generation, Some(left)) else {
            return;
        };
        if let Some(held) = self.held.take().filter(|_| reached) {
            match actual {
                Some(actual) => held.reservation.settle_soon(actual),
                None => held.reservation.commit_estimate_soon(),
            }
        }
        // Nobody is left to wait for it.
        self.ledger.recorder.submit(self.ledger.project, reports);
    }
}

/// The API key that an actor came with.
pub(super) const fn key_of(actor: &Actor) -> Option<ApiKeyId> {
    match &actor.subject {
        Subject::ApiKey { id, .. } => Some(*id),
        Subject::User(_) | Subject::System => None,
    }
}
