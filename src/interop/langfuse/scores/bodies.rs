//! Scores as they are shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    interop::langfuse::paging::LangfusePageMeta,
    llm_integration::{FoundTrace, JsonText, Score, ScoreSubject},
};

/// A score as generations up to 4 read it: the number in `value`, the text in `stringValue`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScoreBody {
    id: String,
    trace_id: Option<String>,
    session_id: Option<String>,
    observation_id: Option<String>,
    dataset_run_id: Option<String>,
    name: String,
    source: String,
    data_type: String,
    /// Absent for a TEXT.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// Absent for a NUMERIC.
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<String>,
    timestamp: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    author_user_id: Option<String>,
    comment: Option<String>,
    #[schema(value_type = Object)]
    metadata: JsonText,
    config_id: Option<String>,
    queue_id: Option<String>,
    environment: String,
    /// Only in lists that are asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<ScoreTraceBody>,
}

/// The trace that a score is about.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScoreTraceBody {
    user_id: Option<String>,
    tags: Vec<String>,
    environment: String,
    session_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ScoreListBody {
    pub data: Vec<ScoreBody>,
    pub meta: LangfusePageMeta,
}

impl ScoreBody {
    pub fn with_trace(mut self, trace: Option<&FoundTrace>) -> Self {
        self.trace = trace.map(|trace| ScoreTraceBody {
            user_id: trace.user_id.clone(),
            tags: trace.tags.clone(),
            environment: trace.environment.clone(),
            session_id: trace.session_id.clone(),
        });
        self
    }
}

impl From<Score> for ScoreBody {
    fn from(score: Score) -> Self {
        let Score {
            id,
            subject,
            name,
            value,
            source,
            comment,
            metadata,
            environment,
            config_id,
            queue_id,
            author_user_id,
            scored_at,
            created_at,
            updated_at,
        } = score;
        let ScoreSubject {
            trace,
            observation,
            session,
            dataset_run,
        } = subject;
        Self {
            id,
            trace_id: trace.map(|id| id.to_string()),
            session_id: session,
            observation_id: observation.map(|id| id.to_string()),
            dataset_run_id: dataset_run,
            name,
            source: source.name().to_owned(),
            data_type: value.data_type().name().to_owned(),
            value: value.number(),
            string_value: value.text().map(str::to_owned),
            timestamp: scored_at.into(),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            author_user_id,
            comment,
            metadata,
            config_id,
            queue_id,
            environment,
            trace: None,
        }
    }
}
