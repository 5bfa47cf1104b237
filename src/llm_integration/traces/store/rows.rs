//! Rows of traces and observations, and how they become values and back.

use std::collections::BTreeMap;

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde_json::{Value, json};

use crate::{
    kernel::{NanoUsd, ProjectId, Timestamp},
    llm_integration::{
        JsonText, Observation, ObservationId, Trace, TraceId,
        traces::schema::{llm_observation, llm_trace},
    },
    platform::db::{DbError, JsonColumn},
};

#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Insertable, AsChangeset)]
#[diesel(table_name = llm_trace, primary_key(project_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct TraceRow {
    project_id: ProjectId,
    id: String,
    started_at: Timestamp,
    name: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    release: Option<String>,
    version: Option<String>,
    environment: String,
    public: bool,
    tags: JsonColumn,
    metadata: String,
    input: Option<String>,
    output: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = llm_observation)]
#[diesel(treat_none_as_default_value = false)]
pub(super) struct ObservationRow {
    project_id: ProjectId,
    id: String,
    trace_id: String,
    parent_id: Option<String>,
    kind: String,
    name: Option<String>,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    completion_started_at: Option<Timestamp>,
    level: String,
    status_message: Option<String>,
    environment: String,
    version: Option<String>,
    model: Option<String>,
    model_parameters: String,
    prompt_name: Option<String>,
    prompt_version: Option<i32>,
    usage_details: JsonColumn,
    cost_details: JsonColumn,
    total_cost: Option<i64>,
    metadata: String,
    input: Option<String>,
    output: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TraceRow {
    pub fn new(project_id: ProjectId, trace: Trace) -> Self {
        let Trace {
            id,
            started_at,
            name,
            user_id,
            session_id,
            release,
            version,
            environment,
            public,
            tags,
            metadata,
            input,
            output,
            created_at,
            updated_at,
        } = trace;
        Self {
            project_id,
            id: id.as_str().to_owned(),
            started_at,
            name,
            user_id,
            session_id,
            release,
            version,
            environment,
            public,
            tags: json!(tags).into(),
            metadata: metadata.get().to_owned(),
            input: text_of(input),
            output: text_of(output),
            created_at,
            updated_at,
        }
    }

    pub fn into_trace(self) -> Result<Trace, DbError> {
        Ok(Trace {
            id: TraceId::stored(self.id),
            started_at: self.started_at,
            name: self.name,
            user_id: self.user_id,
            session_id: self.session_id,
            release: self.release,
            version: self.version,
            environment: self.environment,
            public: self.public,
            tags: parsed(self.tags, "llm_trace.tags")?,
            metadata: json_of(self.metadata, "llm_trace.metadata")?,
            input: optional_json_of(self.input, "llm_trace.input")?,
            output: optional_json_of(self.output, "llm_trace.output")?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl ObservationRow {
    pub fn new(project_id: ProjectId, observation: Observation) -> Self {
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
            total_cost,
            metadata,
            input,
            output,
            created_at,
            updated_at,
        } = observation;
        Self {
            project_id,
            id: id.as_str().to_owned(),
            trace_id: trace_id.as_str().to_owned(),
            parent_id: parent_id.map(|id| id.as_str().to_owned()),
            kind: kind.name().to_owned(),
            name,
            started_at,
            ended_at,
            completion_started_at,
            level: level.name().to_owned(),
            status_message,
            environment,
            version,
            model,
            model_parameters: model_parameters.get().to_owned(),
            prompt_name,
            prompt_version,
            usage_details: json!(usage).into(),
            cost_details: json!(cost).into(),
            total_cost: total_cost.map(NanoUsd::nanos),
            metadata: metadata.get().to_owned(),
            input: text_of(input),
            output: text_of(output),
            created_at,
            updated_at,
        }
    }

    pub fn into_observation(self) -> Result<Observation, DbError> {
        let usage: BTreeMap<String, u64> =
            parsed(self.usage_details, "llm_observation.usage_details")?;
        let cost: BTreeMap<String, NanoUsd> =
            parsed(self.cost_details, "llm_observation.cost_details")?;
        Ok(Observation {
            id: ObservationId::stored(self.id),
            trace_id: TraceId::stored(self.trace_id),
            parent_id: self.parent_id.map(ObservationId::stored),
            kind: self
                .kind
                .parse()
                .map_err(|_| corrupt("llm_observation.kind"))?,
            name: self.name,
            started_at: self.started_at,
            ended_at: self.ended_at,
            completion_started_at: self.completion_started_at,
            level: self
                .level
                .parse()
                .map_err(|_| corrupt("llm_observation.level"))?,
            status_message: self.status_message,
            environment: self.environment,
            version: self.version,
            model: self.model,
            model_parameters: json_of(self.model_parameters, "llm_observation.model_parameters")?,
            prompt_name: self.prompt_name,
            prompt_version: self.prompt_version,
            usage,
            cost,
            total_cost: self.total_cost.map(NanoUsd::from_nanos),
            metadata: json_of(self.metadata, "llm_observation.metadata")?,
            input: optional_json_of(self.input, "llm_observation.input")?,
            output: optional_json_of(self.output, "llm_observation.output")?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn text_of(json: Option<JsonText>) -> Option<String> {
    json.map(|json| json.get().to_owned())
}

fn json_of(text: String, column: &str) -> Result<JsonText, DbError> {
    JsonText::stored(text).ok_or_else(|| corrupt(column))
}

fn optional_json_of(text: Option<String>, column: &str) -> Result<Option<JsonText>, DbError> {
    text.map(|text| json_of(text, column)).transpose()
}

fn parsed<T: serde::de::DeserializeOwned>(json: JsonColumn, column: &str) -> Result<T, DbError> {
    serde_json::from_value(Value::from(json)).map_err(|_| corrupt(column))
}

fn corrupt(column: &str) -> DbError {
    DbError::Corrupt {
        what: column.to_owned(),
    }
}
