//! Rows as the writer sees them: every column, and the state that they stand for.

use std::collections::BTreeMap;

use diesel::prelude::{Insertable, Queryable, Selectable};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    kernel::{NanoUsd, ProjectId, Timestamp},
    llm_integration::{
        DEFAULT_ENVIRONMENT, JsonText, Level, ObservationId, ObservationKind, TraceId,
        traces::{
            merge::{Body, Instants, Metadata, ObservationState, Register, Start, TraceState},
            schema::{llm_observation, llm_trace},
        },
    },
    platform::db::{DbError, JsonColumn},
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = llm_trace)]
#[diesel(treat_none_as_default_value = false)]
pub(super) struct StoredTrace {
    pub project_id: ProjectId,
    pub id: String,
    pub started_at: Timestamp,
    pub name: Option<String>,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub release: Option<String>,
    pub version: Option<String>,
    pub environment: String,
    pub public: bool,
    pub tags: JsonColumn,
    pub metadata: String,
    pub input: Option<String>,
    pub output: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub bookmarked: bool,
    pub ended_at: Option<Timestamp>,
    pub latency_ms: Option<i64>,
    pub observation_count: i64,
    pub error_count: i64,
    pub total_tokens: i64,
    pub total_cost: Option<i64>,
    pub state: String,
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = llm_observation)]
#[diesel(treat_none_as_default_value = false)]
pub(super) struct StoredObservation {
    pub project_id: ProjectId,
    pub id: String,
    pub trace_id: String,
    pub parent_id: Option<String>,
    pub kind: String,
    pub name: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub completion_started_at: Option<Timestamp>,
    pub level: String,
    pub status_message: Option<String>,
    pub environment: String,
    pub version: Option<String>,
    pub model: Option<String>,
    pub model_parameters: String,
    pub prompt_name: Option<String>,
    pub prompt_version: Option<i32>,
    pub usage_details: JsonColumn,
    pub cost_details: JsonColumn,
    pub total_cost: Option<i64>,
    pub metadata: String,
    pub input: Option<String>,
    pub output: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub total_tokens: i64,
    pub usage_estimated: bool,
    pub latency_ms: Option<i64>,
    pub time_to_first_token_ms: Option<i64>,
    pub experiment_id: Option<String>,
    pub experiment_item_id: Option<String>,
    pub state: String,
}

/// What the observations of a trace come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub observations: i64,
    pub errors: i64,
    pub tokens: i64,
    pub cost: Option<i64>,
    pub ended_at: Option<Timestamp>,
}

/// What an observation cost, by class and in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::llm_integration::traces) struct ObservationCost {
    pub by_class: BTreeMap<String, NanoUsd>,
    pub total: Option<NanoUsd>,
}

impl ObservationCost {
    /// A cost by its classes; the total where it is among them, otherwise their sum.
    pub fn of(by_class: BTreeMap<String, NanoUsd>) -> Self {
        let sum = || by_class.values().copied().sum();
        let total = Some(by_class.get("total").copied().unwrap_or_else(sum));
        Self { by_class, total }
    }
}

/// When a row was first and last written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl StoredTrace {
    pub fn new(
        project_id: ProjectId,
        id: &TraceId,
        state: &TraceState,
        figures: &Figures,
        written: Written,
    ) -> Self {
        let started_at = state.start.at();
        let (input, output) = (text_of(&state.input), text_of(&state.output));
        Self {
            project_id,
            id: id.as_str().to_owned(),
            started_at,
            name: state.name.get().cloned(),
            user_id: state.user_id.get().cloned(),
            session_id: state.session_id.get().cloned(),
            release: state.release.get().cloned(),
            version: state.version.get().cloned(),
            environment: environment_of(&state.environment),
            public: state.public.get().copied().unwrap_or(false),
            tags: json!(state.tags).into(),
            metadata: state.metadata.text().get().to_owned(),
            input,
            output,
            created_at: written.created_at,
            updated_at: written.updated_at,
            bookmarked: state.bookmarked.get().copied().unwrap_or(false),
            ended_at: figures.ended_at,
            latency_ms: figures.ended_at.map(|end| millis(started_at, end)),
            observation_count: figures.observations,
            error_count: figures.errors,
            total_tokens: figures.tokens,
            total_cost: figures.cost,
            state: json!(state.instants()).to_string(),
        }
    }

    pub fn figures(&self) -> Figures {
        Figures {
            observations: self.observation_count,
            errors: self.error_count,
            tokens: self.total_tokens,
            cost: self.total_cost,
            ended_at: self.ended_at,
        }
    }

    pub fn state(&self) -> Result<TraceState, DbError> {
        let instants: Instants = parsed(&self.state, "llm_trace.state")?;
        let text = |name, value: &Option<String>| instants.register(name, value.clone());
        let said = |name, value: bool| instants.with_default(name, value, &false);
        Ok(TraceState {
            start: Start::stored(self.started_at, !instants.start_unsaid),
            name: text("name", &self.name),
            user_id: text("user_id", &self.user_id),
            session_id: text("session_id", &self.session_id),
            release: text("release", &self.release),
            version: text("version", &self.version),
            environment: said_environment(&instants, &self.environment),
            public: said("public", self.public),
            bookmarked: said("bookmarked", self.bookmarked),
            tags: from_value(&self.tags, "llm_trace.tags")?,
            metadata: metadata_of(&instants, &self.metadata, "llm_trace.metadata")?,
            input: body_of(&instants, "input", self.input.as_ref())?,
            output: body_of(&instants, "output", self.output.as_ref())?,
        })
    }
}

impl StoredObservation {
    pub fn new(
        project_id: ProjectId,
        (trace_id, id): (&TraceId, &ObservationId),
        state: &ObservationState,
        cost: &ObservationCost,
        written: Written,
    ) -> Self {
        let started_at = state.start.at();
        let (told, usage) = state
            .usage
            .get()
            .cloned()
            .unwrap_or((true, BTreeMap::new()));
        let ended_at = state.ended_at.get().copied();
        let first_part = state.completion_started_at.get().copied();
        let kind = state.kind.get().copied().unwrap_or(ObservationKind::Span);
        let level = state.level.get().copied().unwrap_or(Level::Default);
        let parameters = state.model_parameters.get().map_or("{}", JsonText::get);
        Self {
            project_id,
            id: id.as_str().to_owned(),
            trace_id: trace_id.as_str().to_owned(),
            parent_id: state.parent_id.get().map(|id| id.as_str().to_owned()),
            kind: kind.name().to_owned(),
            name: state.name.get().cloned(),
            started_at,
            ended_at,
            completion_started_at: first_part,
            level: level.name().to_owned(),
            status_message: state.status_message.get().cloned(),
            environment: environment_of(&state.environment),
            version: state.version.get().cloned(),
            model: state.model.get().cloned(),
            model_parameters: parameters.to_owned(),
            prompt_name: state.prompt_name.get().cloned(),
            prompt_version: state.prompt_version.get().copied(),
            total_tokens: total_tokens(&usage),
            usage_details: json!(usage).into(),
            cost_details: json!(cost.by_class).into(),
            total_cost: cost.total.map(NanoUsd::nanos),
            metadata: state.metadata.text().get().to_owned(),
            input: text_of(&state.input),
            output: text_of(&state.output),
            created_at: written.created_at,
            updated_at: written.updated_at,
            usage_estimated: !told,
            latency_ms: ended_at.map(|end| millis(started_at, end)),
            time_to_first_token_ms: first_part.map(|first| millis(started_at, first)),
            experiment_id: state.experiment_id.get().cloned(),
            experiment_item_id: state.experiment_item_id.get().cloned(),
            state: json!(state.instants()).to_string(),
        }
    }

    /// What it adds to the figures of its trace.
    pub fn figures(&self) -> Figures {
        Figures {
            observations: 1,
            errors: i64::from(self.level == Level::Error.name()),
            tokens: self.total_tokens,
            cost: self.total_cost,
            ended_at: self.ended_at,
        }
    }

    pub fn cost(&self) -> Result<ObservationCost, DbError> {
        Ok(ObservationCost {
            by_class: from_value(&self.cost_details, "llm_observation.cost_details")?,
            total: self.total_cost.map(NanoUsd::from_nanos),
        })
    }

    pub fn state(&self) -> Result<ObservationState, DbError> {
        let instants: Instants = parsed(&self.state, "llm_observation.state")?;
        let text = |name, value: &Option<String>| instants.register(name, value.clone());
        let kind: ObservationKind = named(&self.kind, "llm_observation.kind")?;
        let level: Level = named(&self.level, "llm_observation.level")?;
        let parameters = (self.model_parameters != "{}")
            .then(|| json_of(&self.model_parameters, "llm_observation.model_parameters"))
            .transpose()?;
        let usage: BTreeMap<String, u64> =
            from_value(&self.usage_details, "llm_observation.usage_details")?;
        let reported = instants.cost_reported.then(|| self.cost()).transpose()?;
        let parent_id = self.parent_id.clone().map(ObservationId::stored);
        Ok(ObservationState {
            start: Start::stored(self.started_at, !instants.start_unsaid),
            parent_id: instants.register("parent_id", parent_id),
            kind: instants.register("kind", (kind != ObservationKind::Span).then_some(kind)),
            name: text("name", &self.name),
            ended_at: instants.register("ended_at", self.ended_at),
            completion_started_at: instants
                .register("completion_started_at", self.completion_started_at),
            level: instants.with_default("level", level, &Level::Default),
            status_message: text("status_message", &self.status_message),
            environment: said_environment(&instants, &self.environment),
            version: text("version", &self.version),
            model: text("model", &self.model),
            model_parameters: instants.register("model_parameters", parameters),
            prompt_name: text("prompt_name", &self.prompt_name),
            prompt_version: instants.register("prompt_version", self.prompt_version),
            experiment_id: text("experiment_id", &self.experiment_id),
            experiment_item_id: text("experiment_item_id", &self.experiment_item_id),
            usage: instants.register(
                "usage",
                (!usage.is_empty()).then_some((!self.usage_estimated, usage)),
            ),
            cost: instants.register("cost", reported.map(|cost| cost.by_class)),
            metadata: metadata_of(&instants, &self.metadata, "llm_observation.metadata")?,
            input: body_of(&instants, "input", self.input.as_ref())?,
            output: body_of(&instants, "output", self.output.as_ref())?,
        })
    }
}

/// What the provider says, or the sum of the classes.
pub(in crate::llm_integration::traces) fn total_tokens(usage: &BTreeMap<String, u64>) -> i64 {
    let all = usage
        .get("total")
        .copied()
        .unwrap_or_else(|| usage.values().sum());
    i64::try_from(all).unwrap_or(i64::MAX)
}

pub(super) fn millis(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.since(from).as_millis()).unwrap_or(i64::MAX)
}

fn environment_of(register: &Register<String>) -> String {
    register
        .get()
        .map_or(DEFAULT_ENVIRONMENT, String::as_str)
        .to_owned()
}

fn said_environment(instants: &Instants, value: &str) -> Register<String> {
    let said = (value != DEFAULT_ENVIRONMENT).then(|| value.to_owned());
    instants.register("environment", said)
}

fn text_of(body: &Register<Body>) -> Option<String> {
    body.get().map(|body| body.text.get().to_owned())
}

fn body_of(
    instants: &Instants,
    name: &str,
    text: Option<&String>,
) -> Result<Register<Body>, DbError> {
    let text = text.map(|text| json_of(text, name)).transpose()?;
    let object = instants.objects.get(name).cloned();
    Ok(instants.register(name, text.map(|text| Body { text, object })))
}

fn metadata_of(instants: &Instants, text: &str, column: &str) -> Result<Metadata, DbError> {
    let text = json_of(text, column)?;
    Ok(Metadata::stored(
        text,
        instants.of("metadata"),
        instants.metadata.as_ref(),
    ))
}

fn json_of(text: &str, column: &str) -> Result<JsonText, DbError> {
    JsonText::stored(text.to_owned()).ok_or_else(|| corrupt(column))
}

fn named<T: std::str::FromStr>(text: &str, column: &str) -> Result<T, DbError> {
    text.parse().map_err(|_| corrupt(column))
}

fn parsed<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|_| corrupt(column))
}

fn from_value<T: DeserializeOwned>(json: &JsonColumn, column: &str) -> Result<T, DbError> {
    let JsonColumn(value): &JsonColumn = json;
    serde_json::from_value(Value::clone(value)).map_err(|_| corrupt(column))
}

fn corrupt(column: &str) -> DbError {
    DbError::Corrupt {
        what: column.to_owned(),
    }
}
