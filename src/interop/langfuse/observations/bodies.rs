//! Observations as they are shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    interop::langfuse::paging::LangfusePageMeta,
    kernel::NanoUsd,
    llm_integration::{FoundObservation, JsonText},
};

/// An observation with everything there is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservationBody {
    id: String,
    trace_id: String,
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    start_time: DateTime<Utc>,
    end_time: Option<DateTime<Utc>>,
    completion_start_time: Option<DateTime<Utc>>,
    model: Option<String>,
    #[schema(value_type = Object)]
    model_parameters: JsonText,
    #[schema(value_type = Option<Object>)]
    input: Option<JsonText>,
    version: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<JsonText>,
    #[schema(value_type = Option<Object>)]
    output: Option<JsonText>,
    usage: UsageBody,
    level: String,
    status_message: Option<String>,
    parent_observation_id: Option<String>,
    prompt_id: Option<String>,
    usage_details: BTreeMap<String, u64>,
    /// US dollars.
    cost_details: BTreeMap<String, f64>,
    environment: String,
    prompt_name: Option<String>,
    prompt_version: Option<i32>,
    model_id: Option<String>,
    input_price: Option<f64>,
    output_price: Option<f64>,
    total_price: Option<f64>,
    calculated_input_cost: Option<f64>,
    calculated_output_cost: Option<f64>,
    calculated_total_cost: Option<f64>,
    /// Seconds.
    latency: Option<f64>,
    /// Seconds.
    time_to_first_token: Option<f64>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The older form of usage, which clients still read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UsageBody {
    input: u64,
    output: u64,
    total: u64,
    unit: &'static str,
    input_cost: Option<f64>,
    output_cost: Option<f64>,
    total_cost: Option<f64>,
}

impl UsageBody {
    fn new(observation: &FoundObservation) -> Self {
        let FoundObservation {
            usage,
            cost,
            total_cost,
            total_tokens,
            ..
        } = observation;
        let side = |prefix| total_cost.map(|_| of_side(cost, prefix).as_usd_f64());
        Self {
            input: of_side(usage, "input"),
            output: of_side(usage, "output"),
            total: total_tokens.unsigned_abs(),
            unit: "TOKENS",
            input_cost: side("input"),
            output_cost: side("output"),
            total_cost: total_cost.map(NanoUsd::as_usd_f64),
        }
    }
}

pub(super) fn dollars(costs: &BTreeMap<String, NanoUsd>) -> BTreeMap<String, f64> {
    costs
        .iter()
        .map(|(class, cost)| (class.clone(), cost.as_usd_f64()))
        .collect()
}

/// The sum of the classes that begin with `prefix`.
fn of_side<T: Copy + std::iter::Sum>(classes: &BTreeMap<String, T>, prefix: &str) -> T {
    classes
        .iter()
        .filter(|(class, _)| class.starts_with(prefix))
        .map(|(_, value)| *value)
        .sum()
}

impl From<FoundObservation> for ObservationBody {
    #[expect(clippy::too_many_lines, reason = "one field after another")]
    fn from(observation: FoundObservation) -> Self {
        let usage_body = UsageBody::new(&observation);
        let UsageBody {
            input_cost,
            output_cost,
            total_cost,
            ..
        } = usage_body;
        let latency = observation.latency_seconds();
        let time_to_first_token = observation.time_to_first_token_seconds();
        let FoundObservation {
            id,
            trace_id,
            parent_id,
            kind,
            name,
            started_at,
            ended_at,
            completion_started_at,
            level,
            status_message,
            environment,
            version,
            model,
            model_parameters,
            prompt_name,
            prompt_version,
            usage,
            usage_estimated: _,
            total_tokens: _,
            cost,
            total_cost: _,
            latency_ms: _,
            time_to_first_token_ms: _,
            experiment_id: _,
            experiment_item_id: _,
            created_at,
            updated_at,
            io,
            trace: _,
        } = observation;
        let (metadata, input, output) = match io {
            Some(io) => (Some(io.metadata), io.input, io.output),
            None => (None, None, None),
        };
        Self {
            id: id.to_string(),
            trace_id: trace_id.to_string(),
            kind: kind.name().to_owned(),
            name,
            start_time: started_at.into(),
            end_time: ended_at.map(Into::into),
            completion_start_time: completion_started_at.map(Into::into),
            model,
            model_parameters,
            input,
            version,
            metadata,
            output,
            usage: usage_body,
            level: level.name().to_owned(),
            status_message,
            parent_observation_id: parent_id.map(|id| id.to_string()),
            prompt_id: None,
            usage_details: usage,
            cost_details: dollars(&cost),
            environment,
            prompt_name,
            prompt_version,
            model_id: None,
            input_price: None,
            output_price: None,
            total_price: None,
            calculated_input_cost: input_cost,
            calculated_output_cost: output_cost,
            calculated_total_cost: total_cost,
            latency,
            time_to_first_token,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ObservationListBody {
    #[schema(value_type = Vec<Object>)]
    pub data: Vec<Value>,
    pub meta: CursorBody,
}

#[derive(Serialize, ToSchema)]
pub struct ObservationPageBody {
    pub data: Vec<ObservationBody>,
    pub meta: LangfusePageMeta,
}

#[derive(Serialize, ToSchema)]
pub struct CursorBody {
    pub limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
