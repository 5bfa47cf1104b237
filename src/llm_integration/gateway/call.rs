//! One call from its begin to its record: whatever ends it, a trace says what happened.

use std::sync::Arc;

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
        Actual, JsonText, Level, NotStored, ObservationId, ObservationKind, ObservationReport,
        PriceTable, PricedCall, Recorder, Report, Reservation, TraceId, TraceReport,
        providers::Provider,
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
    trace: TraceReport,
    observation: ObservationReport,
    metadata: Map<String, Value>,
    provider: Arc<Provider>,
}

impl Call {
    pub fn begin(
        ledger: Ledger,
        provider: Arc<Provider>,
        request: ChatRequest,
        reservation: Reservation,
    ) -> Self {
        let draft = Box::new(Draft::new(&ledger.clock, provider, request));
        let model = draft.observation.model.as_deref();
        let provider = draft.provider.kind.otel_name();
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
        let failed = failure.is_some();
        match self.close(generation, failure) {
            Some(reports) => {
                match (self.reservation.take(), actual(&reports)) {
                    (Some(reservation), Some(actual)) => reservation.settle(actual).await,
                    (Some(reservation), None) if !failed => reservation.commit_estimate().await,
                    _ => {}
                }
                self.ledger
                    .recorder
                    .record(self.ledger.project, reports)
                    .await
            }
            None => Ok(()),
        }
    }

    fn close(&mut self, generation: Generation, failure: Option<String>) -> Option<Vec<Report>> {
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
        if let Some(reports) = self.close(generation, Some(CLIENT_LEFT.to_owned())) {
            match (self.reservation.take(), actual(&reports)) {
                (Some(reservation), Some(actual)) => reservation.settle_soon(actual),
                (Some(reservation), None) => reservation.commit_estimate_soon(),
                (None, _) => {}
            }
            // Nobody is left to wait for it.
            self.ledger.recorder.submit(self.ledger.project, reports);
        }
    }
}

/// What a call has used, as far as its reports say.
fn actual(reports: &[Report]) -> Option<Actual> {
    let observation = reports.iter().find_map(|report| match report {
        Report::Observation(observation) => Some(observation),
        Report::Trace(_) => None,
    })?;
    let tokens = observation.usage.get("total").copied()?;
    let cost = observation.cost.get("total").copied();
    Some(Actual { tokens, cost })
}

impl Draft {
    fn new(clock: &Clock, provider: Arc<Provider>, request: ChatRequest) -> Self {
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
        let trace_id = links.trace_id.unwrap_or_else(|| TraceId::new(clock));
        // Its input and output are those of its first and last observation.
        let trace = TraceReport {
            started_at: Some(now),
            name: Some(links.trace_name.unwrap_or_else(|| name.clone())),
            user_id: links.user_id,
            session_id: links.session_id,
            release: links.release,
            version: links.version.clone(),
            environment: links.environment.clone(),
            tags: links.tags,
            metadata: Some(JsonText::of(&metadata)),
            ..TraceReport::new(trace_id.clone(), now)
        };
        let observation = ObservationReport {
            parent_id: links.parent_id,
            kind: Some(ObservationKind::Generation),
            name: Some(name),
            started_at: Some(now),
            environment: links.environment,
            version: links.version,
            model: Some(model),
            model_parameters: Some(parameters),
            prompt_name: links.prompt_name,
            prompt_version: links.prompt_version,
            input: Some(input),
            ..ObservationReport::new(ObservationId::new(clock), trace_id, now)
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
    ) -> Vec<Report> {
        let Self {
            trace,
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
        let call = PricedCall {
            provider: Some(provider.name.as_str()),
            service_tier: service_tier.as_deref(),
            ..PricedCall::of(&models, observation.started_at.unwrap_or(now))
        };
        let prices = ledger.prices.as_deref();
        let cost = usage
            .zip(prices)
            .and_then(|(usage, prices)| prices.cost(&call, &usage));
        observation.usage = usage.map(|usage| usage.details()).unwrap_or_default();
        observation.cost = cost.map(|cost| cost.by_class).unwrap_or_default();
        let gateway = json!({
            "provider": provider.name.as_str(), "requested_model": asked_for, "response_id": id,
            "finish_reasons": finish_reasons, "service_tier": service_tier,
        });
        metadata.insert("gateway".to_owned(), gateway);
        observation.metadata = Some(JsonText::of(&metadata));
        observation.model = model.or(asked_for);
        observation.output = output;
        observation.ended_at = Some(now);
        observation.at = now;
        if let Some(failure) = failure {
            observation.level = Some(Level::Error);
            let text = failure
                .chars()
                .filter(|c| *c != '\0')
                .take(MAX_STATUS_CHARS);
            observation.status_message = Some(text.collect());
        }
        vec![trace.into(), observation.into()]
    }
}
