//! Traces as they are shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    interop::langfuse::{paging::LangfusePageMeta, query::Query},
    kernel::{NanoUsd, ProjectId},
    llm_integration::{FoundTrace, JsonText},
};

/// What a reader gets where it asked to leave a value out.
const LEFT_OUT: f64 = -1.0;

/// Which groups of fields a reader wants beside the core.
pub struct Fields {
    pub io: bool,
    pub scores: bool,
    pub observations: bool,
    pub metrics: bool,
}

/// A trace. `O` and `S` are what it shows of its observations and scores: ids or all of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceBody<O, S> {
    id: String,
    timestamp: DateTime<Utc>,
    name: Option<String>,
    #[schema(value_type = Option<Object>)]
    input: Option<JsonText>,
    #[schema(value_type = Option<Object>)]
    output: Option<JsonText>,
    session_id: Option<String>,
    release: Option<String>,
    version: Option<String>,
    user_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<JsonText>,
    tags: Vec<String>,
    public: bool,
    bookmarked: bool,
    environment: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    html_path: String,
    /// Seconds.
    latency: Option<f64>,
    /// US dollars; null when no cost is known.
    total_cost: Option<f64>,
    observations: Vec<O>,
    scores: Vec<S>,
}

#[derive(Serialize, ToSchema)]
pub struct TraceListBody {
    pub data: Vec<TraceBody<String, String>>,
    pub meta: LangfusePageMeta,
}

impl Fields {
    pub const ALL: Self = Self {
        io: true,
        scores: true,
        observations: true,
        metrics: true,
    };

    pub fn of(query: &Query) -> Self {
        let Some(groups) = query.list("fields") else {
            return Self::ALL;
        };
        let wants = |group: &str| groups.iter().any(|wanted| wanted == group);
        Self {
            io: wants("io"),
            scores: wants("scores"),
            observations: wants("observations"),
            metrics: wants("metrics"),
        }
    }
}

impl<O, S> TraceBody<O, S> {
    pub fn new(
        project: ProjectId,
        trace: FoundTrace,
        fields: &Fields,
        (observations, scores): (Vec<O>, Vec<S>),
    ) -> Self {
        let metrics = |value: Option<f64>| {
            if fields.metrics {
                value
            } else {
                Some(LEFT_OUT)
            }
        };
        let latency = metrics(trace.latency_seconds());
        let total_cost = metrics(trace.total_cost.map(NanoUsd::as_usd_f64));
        let FoundTrace {
            id,
            started_at,
            name,
            user_id,
            session_id,
            release,
            version,
            environment,
            public,
            bookmarked,
            tags,
            created_at,
            updated_at,
            latency_ms: _,
            observation_count: _,
            error_count: _,
            total_tokens: _,
            total_cost: _,
            io,
        } = trace;
        let (metadata, input, output) = match io.filter(|_| fields.io) {
            Some(io) => (Some(io.metadata), io.input, io.output),
            None => (None, None, None),
        };
        Self {
            html_path: format!("/project/{project}/traces/{id}"),
            id: id.to_string(),
            timestamp: started_at.into(),
            name,
            input,
            output,
            session_id,
            release,
            version,
            user_id,
            metadata,
            tags,
            public,
            bookmarked,
            environment,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            latency,
            total_cost,
            observations,
            scores,
        }
    }
}
