//! Observations as Langfuse's SDKs read them: whole ones (generation 4), and the cursor list of
//! generation 5 with its groups of fields.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, Responder, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::query::{Query, invalid};
use crate::{
    kernel::{Cursor, ErrorCode, Failure, NanoUsd, PageLimit, ProjectId, Timestamp},
    llm_integration::{
        FoundObservation, JsonText, LlmError, Observation, ObservationFilter, ObservationId,
        ParentIs, Traces,
    },
    platform::http::{Granted, may},
};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get).service(list_v2);
}

/// The most observations of one page.
const MAX_LIMIT: u32 = 1000;
const GROUPS: &[&str] = &[
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
const DEFAULT_GROUPS: &[&str] = &["core", "basic"];

/// An observation with everything there is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ObservationBody {
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
    #[schema(value_type = Object)]
    metadata: JsonText,
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

#[derive(Serialize, ToSchema)]
struct ObservationListBody {
    #[schema(value_type = Vec<Object>)]
    data: Vec<Value>,
    meta: CursorBody,
}

#[derive(Serialize, ToSchema)]
struct CursorBody {
    limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

impl UsageBody {
    fn new(observation: &Observation) -> Self {
        let Observation {
            usage,
            cost,
            total_cost,
            ..
        } = observation;
        let side = |prefix| total_cost.map(|_| of_side(cost, prefix).as_usd_f64());
        Self {
            input: of_side(usage, "input"),
            output: of_side(usage, "output"),
            total: usage.get("total").copied().unwrap_or(0),
            unit: "TOKENS",
            input_cost: side("input"),
            output_cost: side("output"),
            total_cost: total_cost.map(NanoUsd::as_usd_f64),
        }
    }
}

/// Seconds from `start`; `None` before the end.
fn seconds(start: Timestamp, end: Option<Timestamp>) -> Option<f64> {
    end.map(|end| end.since(start).as_secs_f64())
}

fn dollars(costs: &BTreeMap<String, NanoUsd>) -> BTreeMap<String, f64> {
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

impl From<Observation> for ObservationBody {
    fn from(observation: Observation) -> Self {
        let usage_body = UsageBody::new(&observation);
        let UsageBody {
            input_cost,
            output_cost,
            total_cost,
            ..
        } = usage_body;
        let Observation {
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
            cost,
            total_cost: _,
            metadata,
            input,
            output,
            created_at,
            updated_at,
        } = observation;
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
            latency: seconds(started_at, ended_at),
            time_to_first_token: seconds(started_at, completion_started_at),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

/// The fields of the groups that were asked for. Input and output are texts here: JSON as it is
/// written, and a string without its quotes.
fn in_groups(project: ProjectId, found: FoundObservation, groups: &[String]) -> Value {
    let FoundObservation { observation, trace } = found;
    let text = |json: &Option<JsonText>| json.as_ref().map(JsonText::plain);
    let (input, output) = (text(&observation.input), text(&observation.output));
    let total_cost = observation.total_cost.map(NanoUsd::as_usd_f64);
    let metadata: Value = serde_json::from_str(observation.metadata.get()).unwrap_or(Value::Null);
    let body = ObservationBody::from(observation);
    let mut fields = Map::new();
    for group in groups {
        let group = match group.as_str() {
            "core" => json!({
                "id": body.id, "traceId": body.trace_id, "startTime": body.start_time,
                "endTime": body.end_time, "projectId": project, "type": body.kind,
                "parentObservationId": body.parent_observation_id,
            }),
            "basic" => json!({
                "name": body.name, "level": body.level, "statusMessage": body.status_message,
                "version": body.version, "environment": body.environment, "bookmarked": false,
                "public": trace.public, "userId": trace.user_id, "sessionId": trace.session_id,
                "isRootObservation": body.parent_observation_id.is_none(),
            }),
            "time" => json!({
                "completionStartTime": body.completion_start_time, "createdAt": body.created_at,
                "updatedAt": body.updated_at,
            }),
            "io" => json!({ "input": input, "output": output }),
            "metadata" => json!({ "metadata": metadata }),
            // Generation 4 reads `providedModelName`, generation 5 `model`.
            "model" => json!({
                "model": body.model, "providedModelName": body.model, "internalModelId": null,
                "modelParameters": body.model_parameters, "modelId": null, "inputPrice": null,
                "outputPrice": null, "totalPrice": null,
            }),
            "usage" => json!({
                "usageDetails": body.usage_details, "costDetails": body.cost_details,
                "totalCost": total_cost, "usagePricingTierName": null,
            }),
            "prompt" => json!({
                "promptId": null, "promptName": body.prompt_name, "promptVersion": body.prompt_version,
            }),
            "metrics" => json!({
                "latency": body.latency, "timeToFirstToken": body.time_to_first_token,
            }),
            _ => json!({ "tags": trace.tags, "release": trace.release, "traceName": trace.name }),
        };
        if let Value::Object(group) = group {
            fields.extend(group);
        }
    }
    Value::Object(fields)
}

/// One observation, as Langfuse shows it.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("observation_id" = String, Path)),
    responses((status = OK, body = ObservationBody), (status = NOT_FOUND)))]
#[get("/api/public/observations/{observation_id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    observation_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let id: ObservationId = observation_id
        .parse()
        .map_err(|_| LlmError::ObservationNotFound {
            id: observation_id.into_inner(),
        })?;
    let observation = traces.observation(&granted.actor, id).await?;
    Ok(web::Json(ObservationBody::from(observation)))
}

/// Observations, newest first, with the groups of fields that `fields` names.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("fields" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query), ("traceId" = Option<String>, Query),
        ("type" = Option<String>, Query), ("name" = Option<String>, Query),
        ("level" = Option<String>, Query), ("userId" = Option<String>, Query),
        ("sessionId" = Option<String>, Query), ("version" = Option<String>, Query),
        ("environment" = Option<Vec<String>>, Query), ("parentObservationId" = Option<String>, Query),
        ("isRootObservation" = Option<bool>, Query), ("fromStartTime" = Option<String>, Query),
        ("toStartTime" = Option<String>, Query)),
    responses((status = OK, body = ObservationListBody)))]
#[get("/api/public/v2/observations")]
async fn list_v2(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let (groups, filter) = (groups(&query)?, filter(&query)?);
    let limit = PageLimit::parse_up_to(query.parsed("limit")?, MAX_LIMIT)?;
    let cursor = query.text("cursor").map(Cursor::from);
    let page = traces
        .observations(&granted.actor, filter, limit, cursor)
        .await?;
    let project = granted.actor.project;
    let cursor = page.next.map(|cursor| cursor.as_str().to_owned());
    let data = page
        .items
        .into_iter()
        .map(|found| in_groups(project, found, &groups))
        .collect();
    Ok(web::Json(ObservationListBody {
        data,
        meta: CursorBody {
            limit: limit.get(),
            cursor,
        },
    }))
}

fn groups(query: &Query) -> Result<Vec<String>, Failure> {
    let mut groups = query.list("fields").unwrap_or_else(|| {
        DEFAULT_GROUPS
            .iter()
            .map(|group| (*group).to_owned())
            .collect()
    });
    if let Some(unknown) = groups
        .iter()
        .find(|group| !GROUPS.contains(&group.as_str()))
    {
        let known = GROUPS.join(", ");
        return Err(invalid(
            "fields",
            format_args!("`{unknown}` is not one of {known}"),
        ));
    }
    groups.push("core".to_owned());
    Ok(groups)
}

fn filter(query: &Query) -> Result<ObservationFilter, Failure> {
    query.refuse(&["filter"])?;
    if query.raw("parseIoAsJson") == Some("true") {
        let message = "`parseIoAsJson` is gone: input and output are always texts";
        return Err(Failure::new(ErrorCode::InvalidRequest, message));
    }
    let parent = match (
        query.raw("parentObservationId"),
        query.parsed::<bool>("isRootObservation")?,
    ) {
        (Some(id), _) if !id.is_empty() => query
            .parsed("parentObservationId")?
            .map(ParentIs::Observation),
        (Some(_), _) | (None, Some(true)) => Some(ParentIs::None),
        (None, Some(false)) => Some(ParentIs::Some),
        (None, None) => None,
    };
    Ok(ObservationFilter {
        trace_id: query.parsed("traceId")?,
        kind: query.parsed("type")?,
        level: query.parsed("level")?,
        name: query.text("name"),
        version: query.text("version"),
        user_id: query.text("userId"),
        session_id: query.text("sessionId"),
        parent,
        environments: query.all("environment"),
        from: query.time("fromStartTime")?,
        to: query.time("toStartTime")?,
    })
}
