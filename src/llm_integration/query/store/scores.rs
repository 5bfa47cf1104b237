//! Columns of scores, and of the trace and the observation that each is about.

use super::{
    scope::{Scope, View},
    tests::metadata_test,
};
use crate::{
    llm_integration::query::{KeyTest, ScoreColumn},
    platform::db::Sql,
};

pub enum OfScores {}

const TRACE: &str = " LEFT JOIN llm_trace_key tk ON tk.project_id = s.project_id AND tk.id = s.trace_id \
     LEFT JOIN llm_trace t ON t.project_id = tk.project_id AND t.id = tk.id AND t.started_at = tk.started_at";
const OBSERVATION: &str = " LEFT JOIN llm_observation o ON o.project_id = s.project_id \
     AND o.trace_id = s.trace_id AND o.id = s.observation_id";

impl View for OfScores {
    type Column = ScoreColumn;
    const TABLE: &'static str = "llm_score";
    const ALIAS: &'static str = "s";
    const TIME: &'static str = "s.scored_at";
    const HAS_TRACE: bool = true;

    fn expression(column: ScoreColumn, scope: &mut Scope) -> String {
        use ScoreColumn as C;
        scope.trace |= matches!(
            column,
            C::UserId | C::TraceName | C::TraceRelease | C::TraceVersion | C::Tags
        );
        scope.observation |= matches!(
            column,
            C::ObservationName
                | C::ObservationModel
                | C::ObservationPrompt
                | C::ObservationPromptVersion
        );
        let expression = match column {
            C::Id => "s.id",
            C::Name => "s.name",
            C::Timestamp => "s.scored_at",
            C::Source => "s.source",
            C::DataType => "s.data_type",
            C::Value => "s.value",
            C::StringValue => "s.string_value",
            C::BooleanValue => "(s.value = 1)",
            C::Comment => "s.comment",
            C::Environment => "s.environment",
            C::ConfigId => "s.config_id",
            C::QueueId => "s.queue_id",
            C::AuthorUserId => "s.author_user_id",
            C::TraceId => "s.trace_id",
            C::ObservationId => "s.observation_id",
            C::SessionId => "s.session_id",
            C::DatasetRunId => "s.dataset_run_id",
            C::Metadata => "s.metadata",
            C::UserId => "t.user_id",
            C::TraceName => "t.name",
            C::TraceRelease => "t.release",
            C::TraceVersion => "t.version",
            C::Tags => "t.tags",
            C::ObservationName => "o.name",
            C::ObservationModel => "o.model",
            C::ObservationPrompt => "o.prompt_name",
            C::ObservationPromptVersion => "o.prompt_version",
        };
        expression.to_owned()
    }

    fn key_test(_: ScoreColumn, key: &str, test: &KeyTest, scope: &mut Scope) -> Sql {
        metadata_test("s.metadata", key, test, scope.engine)
    }

    fn joins(scope: Scope) -> String {
        let mut joins = String::new();
        if scope.trace {
            joins.push_str(TRACE);
        }
        if scope.observation {
            joins.push_str(OBSERVATION);
        }
        joins
    }
}
