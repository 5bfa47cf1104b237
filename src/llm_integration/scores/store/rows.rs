//! Rows of scores, and how they become values and back.

use diesel::prelude::*;

use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        JsonText, ObservationId, TraceId,
        scores::{Score, ScoreSubject, ScoreValue, schema::llm_score},
    },
    platform::db::DbError,
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = llm_score)]
#[diesel(treat_none_as_default_value = false)]
pub(super) struct ScoreRow {
    project_id: ProjectId,
    id: String,
    trace_id: Option<String>,
    observation_id: Option<String>,
    session_id: Option<String>,
    dataset_run_id: Option<String>,
    name: String,
    data_type: String,
    value: Option<f64>,
    string_value: Option<String>,
    source: String,
    comment: Option<String>,
    metadata: String,
    environment: String,
    config_id: Option<String>,
    queue_id: Option<String>,
    author_user_id: Option<String>,
    scored_at: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ScoreRow {
    pub fn new(project_id: ProjectId, score: Score) -> Self {
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
            project_id,
            id,
            trace_id: trace.map(|id| id.as_str().to_owned()),
            observation_id: observation.map(|id| id.as_str().to_owned()),
            session_id: session,
            dataset_run_id: dataset_run,
            name,
            data_type: value.data_type().name().to_owned(),
            value: value.number(),
            string_value: value.text().map(str::to_owned),
            source: source.name().to_owned(),
            comment,
            metadata: metadata.get().to_owned(),
            environment,
            config_id,
            queue_id,
            author_user_id,
            scored_at,
            created_at,
            updated_at,
        }
    }

    pub fn into_score(self) -> Result<Score, DbError> {
        let corrupt = |column: &str| DbError::Corrupt {
            what: format!("llm_score.{column}"),
        };
        let value = ScoreValue::stored(&self.data_type, self.value, self.string_value);
        Ok(Score {
            id: self.id,
            subject: ScoreSubject {
                trace: self.trace_id.map(TraceId::stored),
                observation: self.observation_id.map(ObservationId::stored),
                session: self.session_id,
                dataset_run: self.dataset_run_id,
            },
            name: self.name,
            value: value.ok_or_else(|| corrupt("value"))?,
            source: self.source.parse().map_err(|_| corrupt("source"))?,
            comment: self.comment,
            metadata: JsonText::stored(self.metadata).ok_or_else(|| corrupt("metadata"))?,
            environment: self.environment,
            config_id: self.config_id,
            queue_id: self.queue_id,
            author_user_id: self.author_user_id,
            scored_at: self.scored_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
