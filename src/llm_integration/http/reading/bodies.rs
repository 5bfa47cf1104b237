//! What readers get.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    kernel::{Cursor, NanoUsd},
    llm_integration::{
        FoundObservation, FoundTrace, Io, JsonText, Score, SessionSummary, UserSummary,
    },
};

/// What can be large; absent unless `fields=io` asks for it.
#[derive(Serialize, ToSchema)]
pub struct IoBody {
    #[schema(value_type = Object)]
    metadata: JsonText,
    #[schema(value_type = Option<Object>)]
    input: Option<JsonText>,
    #[schema(value_type = Option<Object>)]
    output: Option<JsonText>,
    /// `input`, `output`: of these only the beginning is here; the whole has that many bytes, and
    /// stands in the trace itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    cut: BTreeMap<&'static str, u64>,
}

/// A trace, and what its observations come to.
#[derive(Serialize, ToSchema)]
pub struct TraceSummaryBody {
    id: String,
    started_at: DateTime<Utc>,
    name: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    release: Option<String>,
    version: Option<String>,
    environment: String,
    public: bool,
    bookmarked: bool,
    tags: Vec<String>,
    latency_ms: Option<i64>,
    observation_count: i64,
    error_count: i64,
    total_tokens: i64,
    /// US dollars, as a decimal text; null when no cost is known.
    total_cost: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    io: Option<IoBody>,
}

/// An observation.
#[derive(Serialize, ToSchema)]
pub struct ObservationSummaryBody {
    id: String,
    trace_id: String,
    parent_id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    completion_started_at: Option<DateTime<Utc>>,
    level: String,
    status_message: Option<String>,
    environment: String,
    version: Option<String>,
    model: Option<String>,
    #[schema(value_type = Object)]
    model_parameters: JsonText,
    prompt_name: Option<String>,
    prompt_version: Option<i32>,
    /// Units by class; the classes do not overlap.
    usage: BTreeMap<String, u64>,
    usage_estimated: bool,
    total_tokens: i64,
    /// US dollars by class, as decimal texts.
    cost: BTreeMap<String, String>,
    total_cost: Option<String>,
    latency_ms: Option<i64>,
    time_to_first_token_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    io: Option<IoBody>,
}

#[derive(Serialize, ToSchema)]
pub struct TraceWithObservationsBody {
    pub trace: TraceSummaryBody,
    pub observations: Vec<ObservationSummaryBody>,
    pub scores: Vec<OwnScoreBody>,
}

#[derive(Serialize, ToSchema)]
pub struct SessionSummaryBody {
    id: String,
    created_at: DateTime<Utc>,
    environment: String,
    bookmarked: bool,
    public: bool,
    trace_count: i64,
    total_tokens: i64,
    total_cost: Option<String>,
    first_at: Option<DateTime<Utc>>,
    last_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct UserSummaryBody {
    id: String,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    trace_count: i64,
    /// Traces with an observation that failed.
    error_count: i64,
    total_tokens: i64,
    total_cost: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct OwnScoreBody {
    id: String,
    trace_id: Option<String>,
    observation_id: Option<String>,
    session_id: Option<String>,
    dataset_run_id: Option<String>,
    name: String,
    #[schema(value_type = String)]
    data_type: crate::llm_integration::DataType,
    number: Option<f64>,
    text: Option<String>,
    #[schema(value_type = String)]
    source: crate::llm_integration::ScoreSource,
    comment: Option<String>,
    #[schema(value_type = Object)]
    metadata: JsonText,
    environment: String,
    config_id: Option<String>,
    scored_at: DateTime<Utc>,
}

macro_rules! page_body {
    ($name:ident, $item:ty) => {
        #[derive(Serialize, ToSchema)]
        pub struct $name {
            pub items: Vec<$item>,
            #[schema(value_type = Option<String>)]
            pub next: Option<Cursor>,
        }
    };
}
page_body!(TracePageBody, TraceSummaryBody);
page_body!(ObservationCursorBody, ObservationSummaryBody);
page_body!(UserPageBody, UserSummaryBody);
page_body!(ScorePageBody, OwnScoreBody);

#[derive(Serialize, ToSchema)]
pub struct SessionPageBody {
    pub items: Vec<SessionSummaryBody>,
    pub total: u64,
}

fn dollars(amount: Option<NanoUsd>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}

impl From<Io> for IoBody {
    fn from(io: Io) -> Self {
        let Io {
            metadata,
            input,
            output,
            apart,
        } = io;
        let cut = [("input", apart.input), ("output", apart.output)].into_iter();
        Self {
            metadata,
            input,
            output,
            cut: cut
                .filter_map(|(name, object)| Some((name, object?.bytes)))
                .collect(),
        }
    }
}

impl From<FoundTrace> for TraceSummaryBody {
    fn from(trace: FoundTrace) -> Self {
        Self {
            id: trace.id.to_string(),
            started_at: trace.started_at.into(),
            name: trace.name,
            user_id: trace.user_id,
            session_id: trace.session_id,
            release: trace.release,
            version: trace.version,
            environment: trace.environment,
            public: trace.public,
            bookmarked: trace.bookmarked,
            tags: trace.tags,
            latency_ms: trace.latency_ms,
            observation_count: trace.observation_count,
            error_count: trace.error_count,
            total_tokens: trace.total_tokens,
            total_cost: dollars(trace.total_cost),
            created_at: trace.created_at.into(),
            updated_at: trace.updated_at.into(),
            io: trace.io.map(Into::into),
        }
    }
}

impl From<FoundObservation> for ObservationSummaryBody {
    fn from(o: FoundObservation) -> Self {
        let cost = o.cost.into_iter();
        Self {
            id: o.id.to_string(),
            trace_id: o.trace_id.to_string(),
            parent_id: o.parent_id.map(|id| id.to_string()),
            kind: o.kind.name().to_owned(),
            name: o.name,
            started_at: o.started_at.into(),
            ended_at: o.ended_at.map(Into::into),
            completion_started_at: o.completion_started_at.map(Into::into),
            level: o.level.name().to_owned(),
            status_message: o.status_message,
            environment: o.environment,
            version: o.version,
            model: o.model,
            model_parameters: o.model_parameters,
            prompt_name: o.prompt_name,
            prompt_version: o.prompt_version,
            usage: o.usage,
            usage_estimated: o.usage_estimated,
            total_tokens: o.total_tokens,
            cost: cost
                .map(|(class, amount)| (class, amount.to_string()))
                .collect(),
            total_cost: dollars(o.total_cost),
            latency_ms: o.latency_ms,
            time_to_first_token_ms: o.time_to_first_token_ms,
            io: o.io.map(Into::into),
        }
    }
}

impl From<SessionSummary> for SessionSummaryBody {
    fn from(session: SessionSummary) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at.into(),
            environment: session.environment,
            bookmarked: session.bookmarked,
            public: session.public,
            trace_count: session.trace_count,
            total_tokens: session.total_tokens,
            total_cost: dollars(session.total_cost),
            first_at: session.first_at.map(Into::into),
            last_at: session.last_at.map(Into::into),
        }
    }
}

impl From<UserSummary> for UserSummaryBody {
    fn from(user: UserSummary) -> Self {
        Self {
            id: user.id,
            first_at: user.first_at.into(),
            last_at: user.last_at.into(),
            trace_count: user.trace_count,
            error_count: user.error_count,
            total_tokens: user.total_tokens,
            total_cost: dollars(user.total_cost),
        }
    }
}

impl From<Score> for OwnScoreBody {
    fn from(score: Score) -> Self {
        Self {
            id: score.id,
            trace_id: score.subject.trace.map(|id| id.to_string()),
            observation_id: score.subject.observation.map(|id| id.to_string()),
            session_id: score.subject.session,
            dataset_run_id: score.subject.dataset_run,
            name: score.name,
            data_type: score.value.data_type(),
            number: score.value.number(),
            text: score.value.text().map(str::to_owned),
            source: score.source,
            comment: score.comment,
            metadata: score.metadata,
            environment: score.environment,
            config_id: score.config_id,
            scored_at: score.scored_at.into(),
        }
    }
}
