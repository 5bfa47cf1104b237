//! A call's record as far as it is known, and how it becomes reports of its trace.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{generation::Generation, request::CallRequest, tries::TryNote};
use crate::{
    kernel::{Clock, NanoUsd, Timestamp},
    llm_integration::{
        Cost, JsonText, Level, ObservationId, ObservationKind, ObservationReport, PriceTable,
        PricedCall, ProviderKind, Report, TraceId, TraceReport, Usage,
        guardrails::{Action, Finding},
    },
};

/// The answer came from the cache.
pub(super) const HIT: &str = "hit";
pub(super) const MISS: &str = "miss";
const MAX_STATUS_CHARS: usize = 1000;

/// How a call was routed, for its trace and its answer's headers.
#[derive(Clone, Debug, Default)]
pub(super) struct Routed {
    /// The route that the call named.
    pub route: Option<String>,
    /// The experiment's arm that it is in.
    pub variant: Option<String>,
    /// The provider that answered, or that failed last.
    pub provider: Option<(String, Option<ProviderKind>)>,
    /// The model as the provider knows it.
    pub model: Option<String>,
    pub dropped: Vec<String>,
    /// `hit` or `miss`, where the cache was asked.
    pub cache: Option<&'static str>,
    pub shadow: bool,
}

impl Routed {
    /// Whose API the provider speaks; `None` where none was asked.
    pub fn kind(&self) -> Option<ProviderKind> {
        self.provider.as_ref().and_then(|(_, kind)| *kind)
    }
}

/// `metadata.gateway` of the generation.
#[derive(Serialize)]
struct GatewayMetadata<'a> {
    provider: Option<&'a str>,
    requested_model: Option<&'a str>,
    response_id: Option<&'a str>,
    finish_reasons: &'a [String],
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dropped_params: &'a [String],
    /// Every try, when the first one was not all there was.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tries: &'a [TryNote],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shadow: bool,
}

/// The record as far as it is known before the answer.
pub(super) struct Draft {
    /// `None` for a shadow, whose trace is another call's.
    pub trace: Option<TraceReport>,
    pub observation: ObservationReport,
    pub metadata: Map<String, Value>,
}

/// What a call came to.
pub(super) struct Closed {
    pub reports: Vec<Report>,
    pub usage: Option<Usage>,
    pub cost: Option<Cost>,
    pub response_model: Option<String>,
}

impl Draft {
    pub fn new(clock: &Clock, request: &CallRequest) -> Self {
        let now = clock.now();
        let links = request.links.clone();
        let name = format!("{} {}", request.asking.operation(), request.model);
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
            metadata: Some(JsonText::of(&request.metadata)),
            ..TraceReport::new(trace_id.clone(), now)
        };
        let observation = ObservationReport {
            parent_id: links.parent_id,
            kind: Some(request.asking.kind()),
            name: Some(name),
            started_at: Some(now),
            environment: links.environment,
            version: links.version,
            model: Some(request.model.clone()),
            model_parameters: Some(request.parameters.clone()),
            prompt_name: links.prompt_name,
            prompt_version: links.prompt_version,
            input: Some(request.input.clone()),
            ..ObservationReport::new(ObservationId::new(clock), trace_id, now)
        };
        Self {
            trace: Some(trace),
            observation,
            metadata: request.metadata.clone().into_iter().collect(),
        }
    }

    /// The draft of a call that is made beside this one, in the same trace.
    pub fn shadow(&self, clock: &Clock) -> Self {
        let mut observation = self.observation.clone();
        observation.id = ObservationId::new(clock);
        observation.parent_id = Some(self.observation.id.clone());
        observation.name = observation.name.map(|name| format!("shadow {name}"));
        Self {
            trace: None,
            observation,
            metadata: self.metadata.clone(),
        }
    }

    pub fn close(
        self,
        (prices, clock): (Option<&PriceTable>, &Clock),
        (routed, findings): (&Routed, &[Finding]),
        tries: &[TryNote],
        generation: Generation,
        failure: Option<String>,
    ) -> Closed {
        let now = clock.now();
        let Self {
            trace,
            mut observation,
            mut metadata,
        } = self;
        let Generation {
            id,
            model,
            service_tier,
            finish_reasons,
            output,
            usage,
            usage_is_estimated,
        } = generation;
        let asked_for = observation.model.take();
        let names = [&model, &routed.model, &asked_for];
        let models: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        let call = PricedCall {
            provider: routed.kind().map(ProviderKind::name),
            service_tier: service_tier.as_deref(),
            ..PricedCall::of(&models, observation.started_at.unwrap_or(now))
        };
        let cost = if routed.cache == Some(HIT) {
            Some(free())
        } else {
            usage
                .zip(prices)
                .and_then(|(usage, prices)| prices.cost(&call, &usage))
        };
        let gateway = GatewayMetadata {
            provider: routed.provider.as_ref().map(|(name, _)| name.as_str()),
            requested_model: asked_for.as_deref(),
            response_id: id.as_deref(),
            finish_reasons: &finish_reasons,
            service_tier: service_tier.as_deref(),
            route: routed.route.as_deref(),
            variant: routed.variant.as_deref(),
            cache: routed.cache,
            dropped_params: &routed.dropped,
            tries: if tries.len() > 1 { tries } else { &[] },
            shadow: routed.shadow,
        };
        let gateway = serde_json::to_value(&gateway).unwrap_or(Value::Null);
        metadata.insert("gateway".to_owned(), gateway);
        observation.usage = usage.map(|usage| usage.details()).unwrap_or_default();
        observation.usage_estimated = usage_is_estimated;
        observation.cost = cost
            .as_ref()
            .map(|cost| cost.by_class.clone())
            .unwrap_or_default();
        observation.metadata = Some(JsonText::of(&metadata));
        observation.model = model.clone().or_else(|| routed.model.clone()).or(asked_for);
        observation.output = output;
        observation.ended_at = Some(now);
        observation.at = now;
        if let Some(failure) = failure {
            mark_failed(&mut observation, &failure);
        }
        let guards: Vec<Report> = findings
            .iter()
            .map(|finding| report_of(finding, &observation, (clock, now)).into())
            .collect();
        let reports = trace.map(Report::from).into_iter();
        Closed {
            reports: reports.chain([observation.into()]).chain(guards).collect(),
            usage,
            cost,
            response_model: model,
        }
    }
}

fn mark_failed(observation: &mut ObservationReport, failure: &str) {
    observation.level = Some(Level::Error);
    let text = failure.chars().filter(|c| *c != '\0');
    observation.status_message = Some(text.take(MAX_STATUS_CHARS).collect());
}

fn free() -> Cost {
    Cost {
        by_class: [("total".to_owned(), NanoUsd::ZERO)].into(),
        total: NanoUsd::ZERO,
    }
}

/// A guard's finding, as an observation below the call's.
fn report_of(
    finding: &Finding,
    call: &ObservationReport,
    (clock, now): (&Clock, Timestamp),
) -> ObservationReport {
    let level = match finding.action {
        Action::Block => Level::Error,
        _ => Level::Warning,
    };
    ObservationReport {
        parent_id: Some(call.id.clone()),
        kind: Some(ObservationKind::Guardrail),
        name: Some(format!("guardrail {}", finding.guard)),
        started_at: call.started_at,
        ended_at: Some(now),
        level: Some(level),
        status_message: Some(finding.reason.clone()),
        environment: call.environment.clone(),
        metadata: Some(JsonText::of(&serde_json::json!({ "guardrail": finding }))),
        ..ObservationReport::new(ObservationId::new(clock), call.trace_id.clone(), now)
    }
}
