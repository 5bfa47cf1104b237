//! Rows of traces and observations as their readers see them.

use std::collections::BTreeMap;

use diesel::prelude::{Queryable, Selectable};
use serde_json::Value;

use crate::{
    kernel::{NanoUsd, Timestamp},
    llm_integration::{
        JsonText, Observation, ObservationId, Trace, TraceId,
        traces::schema::{llm_observation, llm_trace},
    },
    platform::db::{DbError, JsonColumn},
};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = llm_trace)]
pub(super) struct TraceRow {
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

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = llm_observation)]
pub(super) struct ObservationRow {
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
