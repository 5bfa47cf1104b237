//! Single fields of an observation: its name, level, model, parameters, prompt.

use serde_json::{Map, Value as Json};

use super::{frameworks, genai, langfuse, vercel, view::SpanView};
use crate::{
    interop::{
        label::{label, without_nul},
        otlp::wire::Value,
    },
    kernel::Timestamp,
    llm_integration::{JsonText, Level},
};

/// Names that say more than the span's.
pub fn name(view: &SpanView<'_>) -> Option<String> {
    let attributes = view.attributes;
    attributes
        .first_text(&[
            "langfuse.generation.name",
            "gen_ai.tool.name",
            "logfire.msg",
        ])
        .or_else(|| vercel::name(view))
        .or_else(|| Some(view.name.to_owned()))
        .and_then(label)
}

pub fn level(view: &SpanView<'_>) -> Level {
    langfuse::level(view).unwrap_or_else(|| {
        if view.failed() {
            Level::Error
        } else if frameworks::is_livekit_internal(view) {
            Level::Debug
        } else {
            Level::Default
        }
    })
}

/// What went wrong, from the status, or else from the exception that was recorded.
pub fn status_message(view: &SpanView<'_>) -> Option<String> {
    let of_status = || {
        let message = view.status.map(|status| status.message.clone());
        message.filter(|message| !message.is_empty())
    };
    let of_exception = || {
        let mut exceptions = view.events.iter().filter(|e| e.name == "exception");
        let keys = ["exception.message", "exception.type"];
        exceptions.next_back()?.attributes.first_text(&keys)
    };
    langfuse::status_message(view)
        .or_else(of_status)
        .or_else(|| of_exception().filter(|_| view.failed()))
        .or_else(|| {
            view.attributes
                .first_text(&["error.type"])
                .filter(|_| view.failed())
        })
        .map(without_nul)
}

pub fn environment(view: &SpanView<'_>) -> Option<String> {
    const KEYS: [&str; 3] = [
        langfuse::ENVIRONMENT,
        "deployment.environment.name",
        "deployment.environment",
    ];
    let text = |key| {
        let own = view.attributes.first_text(&[key]);
        own.or_else(|| view.resource.first_text(&[key]))
    };
    KEYS.into_iter().find_map(text).and_then(label)
}

pub fn version(view: &SpanView<'_>) -> Option<String> {
    let own = view.attributes.first_text(&[langfuse::VERSION]);
    let shared = || {
        let keys = [langfuse::VERSION, "service.version"];
        view.resource.first_text(&keys)
    };
    own.or_else(shared).and_then(label)
}

pub fn model(view: &SpanView<'_>) -> Option<String> {
    const KEYS: &[&str] = &[
        langfuse::MODEL,
        "gen_ai.response.model",
        "ai.response.model",
        "ai.model.id",
        "gen_ai.request.model",
        "llm.response.model",
        "llm.response.model_name",
        "llm.model_name",
        "embedding.model_name",
        "reranker.model_name",
        "model",
    ];
    view.attributes.first_text(KEYS).and_then(label)
}

/// Parameters of the call, as an object whose values are texts, numbers and booleans.
pub fn parameters(view: &SpanView<'_>) -> Option<JsonText> {
    const OBJECTS: [&str; 3] = [
        "llm.invocation_parameters",
        "embedding.invocation_parameters",
        "model_config",
    ];
    let attributes = view.attributes;
    let given = || {
        let objects = OBJECTS.iter().filter_map(|key| attributes.meaningful(key));
        let mut found = objects
            .map(Value::captured)
            .find_map(|text| object(&text))?;
        found.shift_remove("model");
        Some(found)
    };
    let found = langfuse::parameters(view)
        .and_then(|text| object(&text))
        .or_else(given)
        .unwrap_or_else(|| of_attributes(view));
    let plain: Map<String, Json> = found.into_iter().filter_map(plain).collect();
    (!plain.is_empty()).then(|| JsonText::of(&plain))
}

fn object(text: &JsonText) -> Option<Map<String, Json>> {
    serde_json::from_str(text.get()).ok()
}

fn of_attributes(view: &SpanView<'_>) -> Map<String, Json> {
    const PREFIXES: [&str; 2] = ["llm.invocation_parameters.", "gen_ai.request."];
    let prefixed = PREFIXES
        .iter()
        .flat_map(|prefix| view.attributes.under(prefix))
        .filter(|(key, _)| *key != "model");
    let vercel = vercel::PARAMETERS
        .iter()
        .filter_map(|(name, key)| Some((*name, view.attributes.meaningful(key)?)));
    let pairs = prefixed.chain(vercel).map(|(key, value)| {
        let value = serde_json::from_str(JsonText::of(value).get());
        (key.to_owned(), value.unwrap_or(Json::Null))
    });
    pairs.collect()
}

/// Readers expect no nested values here: those are shown as text.
fn plain((key, value): (String, Json)) -> Option<(String, Json)> {
    match value {
        Json::Null => None,
        Json::Array(_) | Json::Object(_) => Some((key, value.to_string().into())),
        plain => Some((key, plain)),
    }
}

pub fn prompt(view: &SpanView<'_>) -> (Option<String>, Option<i32>) {
    if let Some(name) = langfuse::prompt_name(view) {
        return (label(name), langfuse::prompt_version(view));
    }
    if let Some((name, version)) = vercel::prompt(view) {
        return (label(name), version);
    }
    let named = view.attributes.first_text(&["gen_ai.prompt.name"]);
    (named.and_then(label), None)
}

pub fn completion_started_at(view: &SpanView<'_>) -> Option<Timestamp> {
    langfuse::completion_started_at(view)
        .or_else(|| vercel::completion_started_at(view))
        .or_else(|| genai::first_chunk_at(view))
}
