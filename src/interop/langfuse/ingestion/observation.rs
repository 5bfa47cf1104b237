//! The bodies of `span-create`, `generation-update` and their like.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    fields::{Fields, Issue},
    usage,
};
use crate::{
    interop::label::without_nul,
    kernel::{NanoUsd, Timestamp},
    llm_integration::{JsonText, ObservationId, ObservationKind, ObservationReport, TraceId},
};

/// What the event around a body says of it.
pub struct Around<'a> {
    /// `None` where the body says it.
    pub kind: Option<ObservationKind>,
    pub is_update: bool,
    pub at: Timestamp,
    /// The trace that an earlier event put an observation in.
    pub trace_of: &'a dyn Fn(&ObservationId) -> Option<TraceId>,
    /// The id of an observation that its sender gave none.
    pub fallback: ObservationId,
}

pub fn report(mut body: Fields<'_>, around: Around<'_>) -> Result<ObservationReport, Vec<Issue>> {
    let id: ObservationId = match around.kind {
        Some(_) => {
            let id = body.id("id");
            body.require("id", id).unwrap_or(around.fallback)
        }
        None => body.id("id").unwrap_or(around.fallback),
    };
    let trace_id = body.id("traceId").or_else(|| (around.trace_of)(&id));
    let kind = around.kind.or_else(|| {
        let kind = body.word("type");
        body.require("type", kind)
    });
    let started_at = body.time("startTime");
    let (prompt_name, prompt_version) = prompt(&mut body);
    let (usage, cost) = usage_and_cost(&mut body);
    let report = ObservationReport {
        parent_id: body.id("parentObservationId"),
        kind,
        name: body.label("name"),
        started_at: started_at.or_else(|| (!around.is_update).then_some(around.at)),
        ended_at: body.time("endTime"),
        completion_started_at: body.time("completionStartTime"),
        level: body.word("level"),
        status_message: body.text("statusMessage").map(without_nul),
        environment: body.environment(),
        version: body.label("version"),
        model: body.label("model"),
        model_parameters: body.object("modelParameters").map(|p| JsonText::of(&p)),
        prompt_name,
        prompt_version,
        usage,
        cost,
        metadata: body.any("metadata"),
        input: body.any("input"),
        output: body.any("output"),
        ..ObservationReport::new(
            id.clone(),
            trace_id.unwrap_or_else(|| own_trace(&id)),
            around.at,
        )
    };
    body.end(report)
}

/// An observation without a trace is one of its own.
fn own_trace(id: &ObservationId) -> TraceId {
    id.as_str()
        .parse()
        .expect("what may name an observation may name a trace")
}

/// A prompt is named with its version, or not at all.
fn prompt(body: &mut Fields<'_>) -> (Option<String>, Option<i32>) {
    let prompt = (body.label("promptName"), body.integer("promptVersion"));
    if prompt.0.is_some() != prompt.1.is_some() {
        let message = "Invalid input: promptName and promptVersion belong together".to_owned();
        body.refuse("promptName", "custom", message);
    }
    prompt
}

type Usage = BTreeMap<String, u64>;
type Cost = BTreeMap<String, NanoUsd>;

/// `usageDetails` and `costDetails`, or what the older `usage` says of both.
fn usage_and_cost(body: &mut Fields<'_>) -> (Usage, Cost) {
    let older = body.object("usage").unwrap_or_default();
    let details = body.object("usageDetails").map(|given| {
        usage::classes(&given).unwrap_or_else(|| {
            let message = "Invalid input: expected counts by class".to_owned();
            body.refuse("usageDetails", "invalid_union", message);
            Usage::new()
        })
    });
    let costs = body.object("costDetails").map(|given| {
        costs(&given).unwrap_or_else(|| {
            let message = "Invalid input: expected amounts of US dollars by class".to_owned();
            body.refuse("costDetails", "invalid_type", message);
            Cost::new()
        })
    });
    (
        details.unwrap_or_else(|| older_usage(&older)),
        costs.unwrap_or_else(|| older_cost(&older)),
    )
}

fn costs(given: &Map<String, Value>) -> Option<Cost> {
    let amounts = given.iter().filter(|(_, amount)| !amount.is_null());
    amounts
        .map(|(class, usd)| Some((class.clone(), NanoUsd::from_usd_f64(usd.as_f64()?)?)))
        .collect()
}

/// Names of one class in Langfuse's words and in those of OpenAI's first SDKs.
fn older_usage(given: &Map<String, Value>) -> Usage {
    const CLASSES: [(&str, [&str; 2]); 3] = [
        ("input", ["input", "promptTokens"]),
        ("output", ["output", "completionTokens"]),
        ("total", ["total", "totalTokens"]),
    ];
    let counts = CLASSES.iter().filter_map(|(class, names)| {
        let count = names.iter().find_map(|name| given.get(*name)?.as_u64())?;
        Some(((*class).to_owned(), count))
    });
    counts.collect()
}

fn older_cost(given: &Map<String, Value>) -> Cost {
    const CLASSES: [(&str, &str); 3] = [
        ("input", "inputCost"),
        ("output", "outputCost"),
        ("total", "totalCost"),
    ];
    let amounts = CLASSES.iter().filter_map(|(class, name)| {
        let usd = given.get(*name)?.as_f64()?;
        Some(((*class).to_owned(), NanoUsd::from_usd_f64(usd)?))
    });
    amounts.collect()
}
