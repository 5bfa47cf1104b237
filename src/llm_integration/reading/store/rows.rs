//! Rows as readers see them: the small columns, and the large ones apart.

use diesel::prelude::{Queryable, Selectable};
use serde::de::DeserializeOwned;

use crate::{
    kernel::{NanoUsd, Timestamp},
    llm_integration::{
        JsonText, ObservationId, TraceId,
        reading::{Apart, FoundObservation, FoundTrace, Io},
        traces::{
            objects_of_state,
            schema::{llm_observation, llm_trace},
        },
    },
    platform::db::{DbError, JsonColumn},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = llm_trace)]
pub struct TraceHead {
    id: String,
    started_at: Timestamp,
    name: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    release: Option<String>,
    version: Option<String>,
    environment: String,
    public: bool,
    bookmarked: bool,
    tags: JsonColumn,
    created_at: Timestamp,
    updated_at: Timestamp,
    latency_ms: Option<i64>,
    observation_count: i64,
    error_count: i64,
    total_tokens: i64,
    total_cost: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = llm_trace)]
pub struct TraceIo {
    pub id: String,
    metadata: String,
    input: Option<String>,
    output: Option<String>,
    state: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = llm_observation)]
pub struct ObservationHead {
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
    usage_estimated: bool,
    total_tokens: i64,
    cost_details: JsonColumn,
    total_cost: Option<i64>,
    latency_ms: Option<i64>,
    time_to_first_token_ms: Option<i64>,
    experiment_id: Option<String>,
    experiment_item_id: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = llm_observation)]
pub struct ObservationIo {
    pub id: String,
    pub trace_id: String,
    metadata: String,
    input: Option<String>,
    output: Option<String>,
    state: String,
}

impl TraceHead {
    pub fn into_found(self) -> Result<FoundTrace, DbError> {
        Ok(FoundTrace {
            id: TraceId::stored(self.id),
            started_at: self.started_at,
            name: self.name,
            user_id: self.user_id,
            session_id: self.session_id,
            release: self.release,
            version: self.version,
            environment: self.environment,
            public: self.public,
            bookmarked: self.bookmarked,
            tags: parsed(self.tags, "llm_trace.tags")?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            latency_ms: self.latency_ms,
            observation_count: self.observation_count,
            error_count: self.error_count,
            total_tokens: self.total_tokens,
            total_cost: self.total_cost.map(NanoUsd::from_nanos),
            io: None,
        })
    }
}

impl TraceIo {
    pub fn into_io(self) -> Result<Io, DbError> {
        let Self {
            id: _,
            metadata,
            input,
            output,
            state,
        } = self;
        io(metadata, (input, output), &state, "llm_trace")
    }
}

impl ObservationHead {
    pub fn into_found(self) -> Result<FoundObservation, DbError> {
        let corrupt = |column: &str| corrupt(&format!("llm_observation.{column}"));
        Ok(FoundObservation {
            id: ObservationId::stored(self.id),
            trace_id: TraceId::stored(self.trace_id),
            parent_id: self.parent_id.map(ObservationId::stored),
            kind: self.kind.parse().map_err(|_| corrupt("kind"))?,
            name: self.name,
            started_at: self.started_at,
            ended_at: self.ended_at,
            completion_started_at: self.completion_started_at,
            level: self.level.parse().map_err(|_| corrupt("level"))?,
            status_message: self.status_message,
            environment: self.environment,
            version: self.version,
            model: self.model,
            model_parameters: JsonText::stored(self.model_parameters)
                .ok_or_else(|| corrupt("model_parameters"))?,
            prompt_name: self.prompt_name,
            prompt_version: self.prompt_version,
            usage: parsed(self.usage_details, "llm_observation.usage_details")?,
            usage_estimated: self.usage_estimated,
            total_tokens: self.total_tokens,
            cost: parsed(self.cost_details, "llm_observation.cost_details")?,
            total_cost: self.total_cost.map(NanoUsd::from_nanos),
            latency_ms: self.latency_ms,
            time_to_first_token_ms: self.time_to_first_token_ms,
            experiment_id: self.experiment_id,
            experiment_item_id: self.experiment_item_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
            io: None,
            trace: None,
        })
    }
}

impl ObservationIo {
    pub fn into_io(self) -> Result<Io, DbError> {
        let Self {
            id: _,
            trace_id: _,
            metadata,
            input,
            output,
            state,
        } = self;
        io(metadata, (input, output), &state, "llm_observation")
    }
}

fn io(
    metadata: String,
    (input, output): (Option<String>, Option<String>),
    state: &str,
    table: &str,
) -> Result<Io, DbError> {
    let mut objects = objects_of_state(state).map_err(|_| corrupt(&format!("{table}.state")))?;
    let json = |text: String, column: &str| {
        JsonText::stored(text).ok_or_else(|| corrupt(&format!("{table}.{column}")))
    };
    Ok(Io {
        metadata: json(metadata, "metadata")?,
        input: input.map(|text| json(text, "input")).transpose()?,
        output: output.map(|text| json(text, "output")).transpose()?,
        apart: Apart {
            input: objects.remove("input"),
            output: objects.remove("output"),
        },
    })
}

fn parsed<T: DeserializeOwned>(json: JsonColumn, column: &str) -> Result<T, DbError> {
    serde_json::from_value(json.0).map_err(|_| corrupt(column))
}

fn corrupt(column: &str) -> DbError {
    DbError::Corrupt {
        what: column.to_owned(),
    }
}
