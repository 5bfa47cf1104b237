//! Langfuse's own attributes, as its SDKs write them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::view::{Io, SpanView};
use crate::{
    interop::otlp::wire::Value,
    kernel::{NanoUsd, Timestamp},
    llm_integration::{JsonText, Level, ObservationKind},
};

pub const TYPE: &str = "langfuse.observation.type";
pub const MODEL: &str = "langfuse.observation.model.name";
pub const OBSERVATION_METADATA: &str = "langfuse.observation.metadata";
pub const TRACE_METADATA: &str = "langfuse.trace.metadata";
pub const METADATA: &str = "langfuse.metadata";
pub const TRACE_NAME: &str = "langfuse.trace.name";
pub const RELEASE: &str = "langfuse.release";
pub const VERSION: &str = "langfuse.version";
pub const ENVIRONMENT: &str = "langfuse.environment";
pub const AS_ROOT: &str = "langfuse.internal.as_root";
pub const EXPERIMENT_ID: &str = "langfuse.experiment.id";
pub const EXPERIMENT_NAME: &str = "langfuse.experiment.name";
pub const EXPERIMENT_ITEM_ID: &str = "langfuse.experiment.item.id";
pub const TRACE_PUBLIC: [&str; 2] = ["langfuse.trace.public", "langfuse.public"];

const INPUT: &str = "langfuse.observation.input";
const OUTPUT: &str = "langfuse.observation.output";
const TRACE_INPUT: &str = "langfuse.trace.input";
const TRACE_OUTPUT: &str = "langfuse.trace.output";
const LEVEL: &str = "langfuse.observation.level";
const STATUS_MESSAGE: &str = "langfuse.observation.status_message";
const PARAMETERS: &str = "langfuse.observation.model.parameters";
const USAGE: &str = "langfuse.observation.usage_details";
const COST: &str = "langfuse.observation.cost_details";
const COMPLETION_START: &str = "langfuse.observation.completion_start_time";
const PROMPT_NAME: [&str; 2] = ["langfuse.observation.prompt.name", "langfuse.prompt.name"];
const PROMPT_VERSION: [&str; 2] = [
    "langfuse.observation.prompt.version",
    "langfuse.prompt.version",
];

/// What every field of a report was read from; the rest of an SDK's attributes is kept as it came.
pub const KNOWN: &[&str] = &[
    TYPE,
    MODEL,
    TRACE_NAME,
    RELEASE,
    VERSION,
    ENVIRONMENT,
    AS_ROOT,
    "langfuse.internal.is_app_root",
    INPUT,
    OUTPUT,
    TRACE_INPUT,
    TRACE_OUTPUT,
    LEVEL,
    STATUS_MESSAGE,
    PARAMETERS,
    USAGE,
    COST,
    COMPLETION_START,
    PROMPT_NAME[0],
    PROMPT_NAME[1],
    PROMPT_VERSION[0],
    PROMPT_VERSION[1],
    TRACE_PUBLIC[0],
    TRACE_PUBLIC[1],
    "langfuse.trace.tags",
    "langfuse.tags",
    "user.id",
    "langfuse.user.id",
    "session.id",
    "langfuse.session.id",
];

/// Up to 3.3, the Python SDK said `span` of generations too.
pub fn kind_of_old_sdk(view: &SpanView<'_>) -> Option<ObservationKind> {
    const GENERATION_ONLY: [&str; 5] = [MODEL, COST, USAGE, COMPLETION_START, PARAMETERS];
    let is_python = view.resource.text("telemetry.sdk.language") == Some("python");
    if view.scope.name != "langfuse-sdk" || !is_python || view.attributes.text(TYPE) != Some("span")
    {
        return None;
    }
    let mut numbers = view.scope.version.split('.').map(str::parse::<u32>);
    let version = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let keys = GENERATION_ONLY.iter().chain(&PROMPT_NAME[..1]);
    let mut keys = keys.chain(&PROMPT_VERSION[..1]);
    (version <= (3, 3) && keys.any(|key| view.attributes.get(key).is_some()))
        .then_some(ObservationKind::Generation)
}

pub fn kind(view: &SpanView<'_>) -> Option<ObservationKind> {
    view.attributes
        .text(TYPE)?
        .to_ascii_uppercase()
        .parse()
        .ok()
}

pub fn io(view: &SpanView<'_>) -> Option<Io> {
    let captured = |key| view.attributes.get(key).map(Value::captured);
    Io::of(captured(INPUT), captured(OUTPUT))
}

/// What was said of the whole trace, rather than of this step.
pub fn trace_io(view: &SpanView<'_>) -> Io {
    let captured = |key| view.attributes.meaningful(key).map(Value::captured);
    Io {
        input: captured(TRACE_INPUT),
        output: captured(TRACE_OUTPUT),
    }
}

pub fn level(view: &SpanView<'_>) -> Option<Level> {
    view.attributes
        .text(LEVEL)?
        .to_ascii_uppercase()
        .parse()
        .ok()
}

pub fn status_message(view: &SpanView<'_>) -> Option<String> {
    view.attributes.first_text(&[STATUS_MESSAGE])
}

pub fn parameters(view: &SpanView<'_>) -> Option<JsonText> {
    view.attributes.meaningful(PARAMETERS).map(Value::captured)
}

/// Classes as the application named them. `None` when there are none, or they are no counts.
pub fn usage(view: &SpanView<'_>) -> Option<BTreeMap<String, u64>> {
    let given = view.attributes.text(USAGE)?;
    crate::interop::langfuse::usage_details(given)
}

pub fn cost(view: &SpanView<'_>) -> Option<BTreeMap<String, NanoUsd>> {
    let given: BTreeMap<String, Option<f64>> =
        serde_json::from_str(view.attributes.text(COST)?).ok()?;
    let amounts = given.into_iter();
    Some(
        amounts
            .filter_map(|(class, usd)| Some((class, NanoUsd::from_usd_f64(usd?)?)))
            .collect(),
    )
}

pub fn prompt_name(view: &SpanView<'_>) -> Option<String> {
    view.attributes.first_text(&PROMPT_NAME)
}

pub fn prompt_version(view: &SpanView<'_>) -> Option<i32> {
    let version = view.attributes.first(&PROMPT_VERSION)?.as_count()?;
    i32::try_from(version).ok()
}

/// A time in ISO 8601, which older SDKs put in quotes and some write without a zone.
pub fn completion_started_at(view: &SpanView<'_>) -> Option<Timestamp> {
    let text = view.attributes.text(COMPLETION_START)?.trim_matches('"');
    let zoned = text.parse::<DateTime<Utc>>();
    let time = zoned.or_else(|_| format!("{text}Z").parse());
    time.ok().map(Timestamp::from)
}
