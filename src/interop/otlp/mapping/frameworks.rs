//! The vocabularies of single frameworks: Genkit, Google's ADK, LiveKit, Logfire, MLflow, Traceloop.

use super::{
    kind::named,
    view::{Io, SpanView},
};
use crate::{
    interop::otlp::wire::Value,
    llm_integration::{JsonText, ObservationKind},
};

use ObservationKind as K;

const LIVEKIT: &str = "livekit-agents";

/// Firebase Genkit says what an action is of.
pub fn genkit_kind(view: &SpanView<'_>) -> Option<K> {
    const KINDS: &[(&str, K)] = &[
        ("model", K::Generation),
        ("tool", K::Tool),
        ("flow", K::Chain),
        ("embedder", K::Embedding),
        ("retriever", K::Retriever),
        ("reranker", K::Retriever),
        ("evaluator", K::Evaluator),
        ("agent", K::Agent),
    ];
    const KEYS: &[&str] = &["genkit:metadata:subtype", "genkit:type"];
    let words = KEYS.iter().filter_map(|key| view.attributes.text(key));
    words.into_iter().find_map(|word| named(word, KINDS))
}

/// What the others call a step.
pub fn kind(view: &SpanView<'_>) -> Option<K> {
    traceloop_kind(view)
        .or_else(|| mlflow_kind(view))
        .or_else(|| livekit_kind(view))
}

fn traceloop_kind(view: &SpanView<'_>) -> Option<K> {
    const SPANS: &[(&str, K)] = &[
        ("workflow", K::Chain),
        ("agent", K::Agent),
        ("tool", K::Tool),
    ];
    const REQUESTS: &[(&str, K)] = &[
        ("chat", K::Generation),
        ("completion", K::Generation),
        ("embedding", K::Embedding),
        ("rerank", K::Retriever),
    ];
    let word = |key, kinds| {
        view.attributes
            .text(key)
            .and_then(|word| named(word, kinds))
    };
    word("traceloop.span.kind", SPANS).or_else(|| word("llm.request.type", REQUESTS))
}

/// MLflow's values are JSON: the word stands in quotes.
fn mlflow_kind(view: &SpanView<'_>) -> Option<K> {
    const KINDS: &[(&str, K)] = &[
        ("LLM", K::Generation),
        ("CHAT_MODEL", K::Generation),
        ("CHAIN", K::Chain),
        ("WORKFLOW", K::Chain),
        ("AGENT", K::Agent),
        ("TOOL", K::Tool),
        ("RETRIEVER", K::Retriever),
        ("RERANKER", K::Retriever),
        ("EMBEDDING", K::Embedding),
        ("EVALUATOR", K::Evaluator),
        ("GUARDRAIL", K::Guardrail),
    ];
    let word = view.attributes.text("mlflow.spanType")?;
    named(word.trim_matches('"'), KINDS)
}

fn livekit_kind(view: &SpanView<'_>) -> Option<K> {
    const KINDS: &[(&str, K)] = &[
        ("agent_turn", K::Agent),
        ("start_agent_activity", K::Agent),
        ("function_tool", K::Tool),
    ];
    let is_livekit = view.scope.name == LIVEKIT;
    named(view.name, KINDS).filter(|_| is_livekit)
}

/// LiveKit's spans of its own machinery.
pub fn is_livekit_internal(view: &SpanView<'_>) -> bool {
    const NAMES: &[&str] = &[
        "user_speaking",
        "eou_detection",
        "llm_request_run",
        "tts_node",
        "tts_request",
        "tts_request_run",
        "tts_stream_adapter",
        "agent_speaking",
        "drain_agent_activity",
        "on_exit",
        "on_enter",
        "llm_fallback_adapter",
        "tts_fallback_adapter",
        "start_agent_activity",
    ];
    view.scope.name == LIVEKIT && NAMES.contains(&view.name)
}

/// Google's ADK sets what does not apply to `{}`.
pub fn adk_io(view: &SpanView<'_>) -> Option<Io> {
    let filled = |keys: [&str; 2]| {
        let values = keys
            .into_iter()
            .filter_map(|key| view.attributes.meaningful(key));
        let mut filled = values.filter(|value| value.as_text() != Some("{}"));
        filled.next().map(Value::captured)
    };
    Io::of(
        filled([
            "gcp.vertex.agent.llm_request",
            "gcp.vertex.agent.tool_call_args",
        ]),
        filled([
            "gcp.vertex.agent.llm_response",
            "gcp.vertex.agent.tool_response",
        ]),
    )
}

/// Logfire writes the conventions' events as one list.
pub fn logfire_events(view: &SpanView<'_>) -> Option<Io> {
    let events = view.attributes.meaningful("events")?.captured();
    let events: Vec<serde_json::Value> = serde_json::from_str(events.get()).ok()?;
    let is_choice = |event: &serde_json::Value| event["event.name"] == "gen_ai.choice";
    let (choices, inputs): (Vec<_>, Vec<_>) = events.into_iter().partition(is_choice);
    let input = (!inputs.is_empty()).then(|| JsonText::of(&inputs));
    Io::of(input, choices.first().map(JsonText::of))
}
