//! The groups of fields of the cursor list.

use serde_json::{Map, Value, json};

use super::bodies::dollars;
use crate::{
    interop::langfuse::query::{Query, invalid},
    kernel::{Failure, NanoUsd, ProjectId},
    llm_integration::{FoundObservation, JsonText, Wanted},
};

const NAMES: &[&str] = &[
    "core",
    "basic",
    "time",
    "io",
    "metadata",
    "model",
    "usage",
    "prompt",
    "metrics",
    "trace_context",
];
const DEFAULT: &[&str] = &["core", "basic"];
/// Longer values of metadata are cut, unless `expandMetadata` names them.
const METADATA_CHARS: usize = 200;

/// What a reader wants to see.
pub struct Groups {
    names: Vec<String>,
    /// Keys of metadata whose values are shown in full.
    expanded: Vec<String>,
}

impl Groups {
    pub fn of(query: &Query) -> Result<Self, Failure> {
        let default = || DEFAULT.iter().map(|name| (*name).to_owned()).collect();
        let mut names: Vec<String> = query.list("fields").unwrap_or_else(default);
        let unknown = names.iter().find(|name| !NAMES.contains(&name.as_str()));
        if let Some(unknown) = unknown {
            let known = NAMES.join(", ");
            let why = format_args!("`{unknown}` is not one of {known}");
            return Err(invalid("fields", why));
        }
        names.push("core".to_owned());
        Ok(Self {
            names,
            expanded: query.list("expandMetadata").unwrap_or_default(),
        })
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|wanted| wanted == name)
    }

    pub fn wanted(&self) -> Wanted {
        Wanted {
            io: self.has("io") || self.has("metadata"),
            whole: self.has("io"),
            trace: self.has("basic") || self.has("trace_context"),
        }
    }

    /// The observation's fields of these groups. Input and output are texts here: JSON as it is
    /// written, and a string without its quotes.
    pub fn show(&self, project: ProjectId, found: &FoundObservation) -> Value {
        let mut fields = Map::new();
        for name in &self.names {
            if let Value::Object(group) = self.group(name, project, found) {
                fields.extend(group);
            }
        }
        Value::Object(fields)
    }

    fn group(&self, name: &str, project: ProjectId, o: &FoundObservation) -> Value {
        let text = |json: Option<&JsonText>| json.map(JsonText::plain);
        let time = |time: crate::kernel::Timestamp| time.as_datetime();
        let (io, trace) = (o.io.as_ref(), o.trace.as_ref());
        match name {
            "core" => json!({
                "id": o.id, "traceId": o.trace_id, "startTime": time(o.started_at),
                "endTime": o.ended_at.map(time), "projectId": project, "type": o.kind,
                "parentObservationId": o.parent_id,
            }),
            "basic" => json!({
                "name": o.name, "level": o.level, "statusMessage": o.status_message,
                "version": o.version, "environment": o.environment,
                "bookmarked": trace.is_some_and(|trace| trace.bookmarked),
                "public": trace.is_some_and(|trace| trace.public),
                "userId": trace.and_then(|trace| trace.user_id.as_ref()),
                "sessionId": trace.and_then(|trace| trace.session_id.as_ref()),
                "isRootObservation": o.is_root(),
            }),
            "time" => json!({
                "completionStartTime": o.completion_started_at.map(time),
                "createdAt": time(o.created_at), "updatedAt": time(o.updated_at),
            }),
            "io" => json!({
                "input": text(io.and_then(|io| io.input.as_ref())),
                "output": text(io.and_then(|io| io.output.as_ref())),
            }),
            "metadata" => json!({ "metadata": io.map(|io| self.metadata(&io.metadata)) }),
            // Generation 4 reads `providedModelName`, generation 5 `model`.
            "model" => json!({
                "model": o.model, "providedModelName": o.model, "internalModelId": null,
                "modelParameters": o.model_parameters, "modelId": null, "inputPrice": null,
                "outputPrice": null, "totalPrice": null,
            }),
            "usage" => json!({
                "usageDetails": o.usage, "costDetails": dollars(&o.cost),
                "totalCost": o.total_cost.map(NanoUsd::as_usd_f64), "usagePricingTierName": null,
            }),
            "prompt" => json!({
                "promptId": null, "promptName": o.prompt_name, "promptVersion": o.prompt_version,
            }),
            "metrics" => json!({
                "latency": o.latency_seconds(), "timeToFirstToken": o.time_to_first_token_seconds(),
            }),
            _ => json!({
                "tags": trace.map_or(&[][..], |trace| &trace.tags),
                "release": trace.and_then(|trace| trace.release.as_ref()),
                "traceName": trace.and_then(|trace| trace.name.as_ref()),
            }),
        }
    }

    fn metadata(&self, metadata: &JsonText) -> Value {
        let parsed = serde_json::from_str(metadata.get());
        let Ok(Value::Object(mut entries)) = parsed else {
            return parsed.unwrap_or_else(|_| Value::String(metadata.plain()));
        };
        for (key, value) in &mut entries {
            if !self.expanded.contains(key) {
                cut(value);
            }
        }
        Value::Object(entries)
    }
}

fn cut(value: &mut Value) {
    let text = match value {
        Value::String(text) => std::mem::take(text),
        Value::Object(_) | Value::Array(_) => value.to_string(),
        _ => return,
    };
    match text.char_indices().nth(METADATA_CHARS) {
        Some((end, _)) => *value = Value::String(text[..end].to_owned()),
        None if value.is_string() => *value = Value::String(text),
        None => {}
    }
}
