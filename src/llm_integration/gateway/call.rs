//! One call from its begin to its record: whatever ends it, a trace says what happened.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value, json};
use tracing::{Span, field::Empty};

use super::{
    assembly::{Assembly, Seen},
    generation::Generation,
    request::ChatRequest,
};
use crate::{
    kernel::{Clock, ProjectId, Timestamp},
    llm_integration::{
        Actual, DEFAULT_ENVIRONMENT, JsonText, Level, NotStored, Observation, ObservationId,
        ObservationKind, PriceTable, Recorder, Reservation, Trace, TraceId, TraceRecord,
    },
};

/// The operation, in OpenTelemetry's words.
const CHAT: &str = "chat";
const CLIENT_LEFT: &str = "the client went away before the answer ended";
const MAX_STATUS_CHARS: usize = 1000;

/// What a call is recorded with.
#[derive(Clone)]
pub(super) struct Ledger {
    pub recorder: Recorder,
    pub clock: Clock,
    pub project: ProjectId,
    /// `None` when the prices could not be read: the call has no known cost then.
    pub prices: Option<Arc<PriceTable>>,
}

/// A call in progress. Dropped before it has ended, it is recorded as left by its client.
pub(super) struct Call {
    ledger: Ledger,
    trace_id: TraceId,
    /// `None` once the call is recorded.
    draft: Option<Box<Draft>>,
    /// What has come of a streamed answer.
    assembly: Option<Assembly>,
    reservation: Option<Reservation>,
    span: Span,
}

/// The record as far as it is known before the answer.
struct Draft {
    trace: Trace,
    observation: Observation,
    metadata: Map<String, Value>,
    provider: &'static str,
}

impl Call {
    pub fn begin(
        ledger: Ledger,
        provider: &'static str,
        request: ChatRequest,
        reservation: Reservation,
    ) -> Self {
        let draft = Box::new(Draft::new(&ledger.clock, provider, request));
        let model = draft.observation.model.as_deref();
        let span = tracing::info_span!(
            "gen_ai_call",
            otel.name = draft.observation.name.as_deref(),
            otel.kind = "client",
            gen_ai.operation.name = CHAT,
            gen_ai.provider.name = provider,
            gen_ai.request.model = model,
            gen_ai.response.id = Empty,
            gen_ai.response.model = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            error.r#type = Empty,
            kaname.trace_id = draft.trace.id.as_str(),
        );
        let trace_id = draft.trace.id.clone();
        Self {
            ledger,
            trace_id,
            draft: Some(draft),
            assembly: None,
            reservation: Some(reservation),
            span,
        }
    }

    pub fn trace_id(&self) -> &TraceId {
        &self.trace_id
    }

    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// From now on the answer comes in chunks.
    pub fn begin_stream(&mut self, capture_limit: usize) {
        self.assembly = Some(Assembly::new(capture_limit));
    }

    /// Takes a chunk of a streamed answer.
    pub fn take(&mut self, data: &[u8]) -> Seen {
        let seen = self
            .assembly
            .as_mut()
            .map(|assembly| assembly.take(data))
            .unwrap_or_default();
        if let Some(draft) = self.draft.as_mut().filter(|_| seen.has_output) {
            draft
                .observation
                .completion_started_at
                .get_or_insert_with(|| self.ledger.clock.now());
        }
        seen
    }

    /// Whether the chunks so far are a whole answer.
    pub fn stream_is_complete(&self) -> bool {
        self.assembly.as_ref().is_some_and(Assembly::is_complete)
    }

    /// Ends the call with what was streamed.
    pub async fn end_stream(&mut self, failure: Option<String>) -> Result<(), NotStored> {
        let generation = self
            .assembly
            .take()
            .map(Assembly::finish)
            .unwrap_or_default();
        self.end(generation, failure).await
    }

    /// Ends the call; returns when its record is committed. `failure` says what went wrong.
    ///
    /// # Errors
    /// [`NotStored`] when the record could not be committed in time.
    pub async fn end(
        &mut self,
        generation: Generation,
        failure: Option<String>,
    ) -> Result<(), NotStored> {
        match self.close(generation, failure) {
            Some(record) => {
                match (self.reservation.take(), actual(&record)) {
                    (Some(reservation), Some(actual)) => reservation.settle(actual).await,
                    (Some(reservation), None) if record.observation.level != Level::Error => {
                        reservation.commit_estimate().await;
                    }
                    _ => {}
                }
                self.ledger
                    .recorder
                    .record(self.ledger.project, record)
                    .await
            }
            None => Ok(()),
        }
    }

    fn close(&mut self, generation: Generation, failure: Option<String>) -> Option<TraceRecord> {
        let draft = *self.draft.take()?;
        if let Some(id) = &generation.id {
            self.span.record("gen_ai.response.id", id);
        }
        if let Some(model) = &generation.model {
            self.span.record("gen_ai.response.model", model);
        }
        if let Some(usage) = &generation.usage {
            self.span
                .record("gen_ai.usage.input_tokens", usage.all_input());
            self.span
                .record("gen_ai.usage.output_tokens", usage.all_output());
        }
        if failure.is_some() {
            self.span.record("error.type", "provider_failed");
        }
        Some(draft.close(&self.ledger, generation, failure))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let generation = self
            .assembly
            .take()
            .map(Assembly::finish)
            .unwrap_or_default();
        if let Some(record) = self.close(generation, Some(CLIENT_LEFT.to_owned())) {
            match (self.reservation.take(), actual(&record)) {
                (Some(reservation), Some(actual)) => reservation.settle_soon(actual),
                (Some(reservation), None) => reservation.commit_estimate_soon(),
                (None, _) => {}
            }
            // Nobody is left to wait for the commit.
            drop(self.ledger.recorder.submit(self.ledger.project, record));
        }
    }
}

/// What a call has used, as far as its record says.
fn actual(TraceRecord { observation, .. }: &TraceRecord) -> Option<Actual> {
    let tokens = observation.usage.get("total").copied()?;
    let cost = observation.total_cost;
    Some(Actual { tokens, cost })
}

impl Draft {
    fn new(clock: &Clock, provider: &'static str, request: ChatRequest) -> Self {
        let now = clock.now();
        let ChatRequest {
            model,
            links,
            input,
            parameters,
            metadata,
            ..
        } = request;
        let name = format!("{CHAT} {model}");
        let environment = links
            .environment
            .unwrap_or_else(|| DEFAULT_ENVIRONMENT.to_owned());
        let trace = Trace {
            id: links.trace_id.unwrap_or_else(|| TraceId::new(clock)),
            started_at: now,
            name: Some(links.trace_name.unwrap_or_else(|| name.clone())),
            user_id: links.user_id,
            session_id: links.session_id,
            release: links.release,
            version: links.version.clone(),
            environment: environment.clone(),
            public: false,
            tags: links.tags,
            metadata: JsonText::of(&metadata),
            // Those of its first and last observation stand for them.
            input: None,
            output: None,
            created_at: now,
            updated_at: now,
        };
        let observation = Observation {
            id: ObservationId::new(clock),
            trace_id: trace.id.clone(),
            parent_id: links.parent_id,
            kind: ObservationKind::Generation,
            name: Some(name),
            started_at: now,
            ended_at: None,
            completion_started_at: None,
            level: Level::Default,
            status_message: None,
            environment,
            version: links.version,
            model: Some(model),
            model_parameters: parameters,
            prompt_name: links.prompt_name,
            prompt_version: links.prompt_version,
            usage: BTreeMap::default(),
            cost: BTreeMap::default(),
            total_cost: None,
            metadata: JsonText::of(&json!({})),
            input: Some(input),
            output: None,
            created_at: now,
            updated_at: now,
        };
        Self {
            trace,
            observation,
            metadata: metadata.into_iter().collect(),
            provider,
        }
    }

    fn close(
        self,
        ledger: &Ledger,
        generation: Generation,
        failure: Option<String>,
    ) -> TraceRecord {
        let Self {
            mut trace,
            mut observation,
            mut metadata,
            provider,
        } = self;
        let Generation {
            id,
            model,
            service_tier,
            finish_reasons,
            output,
            usage,
        } = generation;
        let now: Timestamp = ledger.clock.now();
        let asked_for = observation.model.take();
        let models: Vec<&str> = [&model, &asked_for]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let price = ledger
            .prices
            .as_ref()
            .and_then(|prices| prices.price(&models));
        let cost = usage
            .zip(price)
            .and_then(|(usage, price)| usage.cost(price));
        observation.usage = usage.map(|usage| usage.details()).unwrap_or_default();
        observation.total_cost = cost.as_ref().map(|cost| cost.total);
        observation.cost = cost.map(|cost| cost.by_class).unwrap_or_default();
        let gateway = json!({
            "provider": provider, "requested_model": asked_for, "response_id": id,
            "finish_reasons": finish_reasons, "service_tier": service_tier,
        });
        metadata.insert("gateway".to_owned(), gateway);
        observation.metadata = JsonText::of(&metadata);
        observation.model = model.or(asked_for);
        observation.output = output;
        observation.ended_at = Some(now);
        (observation.updated_at, trace.updated_at) = (now, now);
        if let Some(failure) = failure {
            observation.level = Level::Error;
            let text = failure
                .chars()
                .filter(|c| *c != '\0')
                .take(MAX_STATUS_CHARS);
            observation.status_message = Some(text.collect());
        }
        TraceRecord { trace, observation }
    }
}
