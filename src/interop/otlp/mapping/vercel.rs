//! Vercel's AI SDK: `ai.*`. A step of it is two spans: an outer one for what the application asked,
//! and an inner one (`doGenerate`, `doStream`, `doEmbed`) for the call of the model.

use std::time::Duration;

use serde_json::json;

use super::view::{Io, SpanView};
use crate::{
    interop::otlp::wire::Value,
    kernel::Timestamp,
    llm_integration::{JsonText, ObservationKind},
};

const OPERATIONS: [&str; 2] = ["ai.operationId", "operation.name"];

/// The operation, such as `ai.generateText.doGenerate`; the name of the application's function may
/// follow it after a space.
fn operation<'a>(view: &SpanView<'a>) -> Option<&'a str> {
    let named = OPERATIONS.iter().find_map(|key| view.attributes.text(key));
    let operation = named?.split(' ').next()?;
    operation.starts_with("ai.").then_some(operation)
}

/// A span around calls of models: it repeats what they say of the model and its usage.
pub fn is_outer_step(view: &SpanView<'_>) -> bool {
    operation(view).is_some_and(|operation| !operation.contains(".do"))
        || view.attributes.text("gen_ai.operation.name") == Some("agent_step")
}

pub fn kind(view: &SpanView<'_>) -> Option<ObservationKind> {
    use ObservationKind as K;
    match operation(view)? {
        "ai.generateText.doGenerate"
        | "ai.streamText.doStream"
        | "ai.generateObject.doGenerate"
        | "ai.streamObject.doStream" => Some(K::Generation),
        "ai.embed.doEmbed" | "ai.embedMany.doEmbed" => Some(K::Embedding),
        "ai.rerank.doRerank" => Some(K::Retriever),
        "ai.toolCall" => Some(K::Tool),
        _ => None,
    }
}

pub fn io(view: &SpanView<'_>) -> Option<Io> {
    const INPUT: &[&str] = &[
        "ai.prompt.messages",
        "ai.prompt",
        "ai.toolCall.args",
        "ai.value",
        "ai.values",
    ];
    const OUTPUT: &[&str] = &[
        "ai.response.text",
        "ai.result.text",
        "ai.toolCall.result",
        "ai.response.object",
        "ai.result.object",
        "ai.response.toolCalls",
        "ai.result.toolCalls",
        "ai.embedding",
        "ai.embeddings",
    ];
    if view.scope.name != "ai" && operation(view).is_none() {
        return None;
    }
    let captured = |keys| view.attributes.first(keys).map(Value::captured);
    Io::of(
        captured(INPUT),
        tool_calls(view).or_else(|| captured(OUTPUT)),
    )
}

/// Text and calls of tools together are one message.
fn tool_calls(view: &SpanView<'_>) -> Option<JsonText> {
    let text = view.attributes.get("ai.response.text")?;
    let calls = view.attributes.meaningful("ai.response.toolCalls")?;
    Some(JsonText::of(&json!({
        "role": "assistant", "content": text.shown(), "tool_calls": calls.captured(),
    })))
}

/// `function:operation`, or the tool's own name.
pub fn name(view: &SpanView<'_>) -> Option<String> {
    if let Some(tool) = view.attributes.text("ai.toolCall.name") {
        return Some(tool.to_owned());
    }
    let operation = view.attributes.text("ai.operationId")?;
    Some(match view.attributes.text("ai.telemetry.functionId") {
        Some(function) => format!("{function}:{operation}"),
        None => operation.to_owned(),
    })
}

pub fn completion_started_at(view: &SpanView<'_>) -> Option<Timestamp> {
    const KEYS: &[&str] = &["ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"];
    let millis = view.attributes.first(KEYS)?.as_f64()?;
    let wait = Duration::try_from_secs_f64(millis / 1_000.0).ok()?;
    Some(view.started_at.plus(wait))
}

/// The prompt that the application linked in `metadata.langfusePrompt`.
pub fn prompt(view: &SpanView<'_>) -> Option<(String, Option<i32>)> {
    #[derive(serde::Deserialize)]
    struct Linked {
        name: String,
        version: Option<i32>,
    }
    let linked = view
        .attributes
        .text("ai.telemetry.metadata.langfusePrompt")?;
    let linked: Linked = serde_json::from_str(linked).ok()?;
    Some((linked.name, linked.version))
}

/// Settings that only this SDK has, beside the conventions' `gen_ai.request.*`.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("maxSteps", "ai.settings.maxSteps"),
    ("maxRetries", "ai.settings.maxRetries"),
    ("mode", "ai.settings.mode"),
    ("toolChoice", "ai.prompt.toolChoice"),
];
