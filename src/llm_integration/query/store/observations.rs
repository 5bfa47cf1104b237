//! Columns of observations, and of the trace that each belongs to.

use super::{
    scope::{MILLIS, NANOS, Scope, View, scaled},
    tests::metadata_test,
};
use crate::{
    llm_integration::query::{KeyTest, ObservationColumn},
    platform::db::Sql,
};

pub enum OfObservations {}

/// The trace of an observation. By way of its key, which says in which partition it lies.
const TRACE: &str = " LEFT JOIN llm_trace_key tk ON tk.project_id = o.project_id AND tk.id = o.trace_id \
     LEFT JOIN llm_trace t ON t.project_id = tk.project_id AND t.id = tk.id AND t.started_at = tk.started_at";

impl View for OfObservations {
    type Column = ObservationColumn;
    const TABLE: &'static str = "llm_observation";
    const ALIAS: &'static str = "o";
    const TIME: &'static str = "o.started_at";
    const HAS_TRACE: bool = true;

    fn expression(column: ObservationColumn, scope: &mut Scope) -> String {
        use ObservationColumn as C;
        let of_trace = match column {
            C::UserId => Some("t.user_id"),
            C::SessionId => Some("t.session_id"),
            C::TraceName => Some("t.name"),
            C::TraceRelease => Some("t.release"),
            C::TraceVersion => Some("t.version"),
            C::Tags => Some("t.tags"),
            _ => None,
        };
        if let Some(expression) = of_trace {
            scope.trace = true;
            return expression.to_owned();
        }
        let plain = match column {
            C::Id => "o.id",
            C::Kind => "o.kind",
            C::Name => "o.name",
            C::TraceId => "o.trace_id",
            C::ParentId => "o.parent_id",
            C::StartTime => "o.started_at",
            C::EndTime => "o.ended_at",
            C::Environment => "o.environment",
            C::Level => "o.level",
            C::StatusMessage => "o.status_message",
            C::Version => "o.version",
            C::IsRoot => "(o.parent_id IS NULL)",
            C::TotalTokens => "o.total_tokens",
            C::Model => "o.model",
            C::PromptName => "o.prompt_name",
            C::PromptVersion => "o.prompt_version",
            C::Input => "o.input",
            C::Output => "o.output",
            C::ExperimentId => "o.experiment_id",
            C::ExperimentItemId => "o.experiment_item_id",
            C::Latency => return scaled("o.latency_ms", MILLIS),
            C::TimeToFirstToken => return scaled("o.time_to_first_token_ms", MILLIS),
            C::TotalCost => return scaled("o.total_cost", NANOS),
            C::InputTokens => return scope.classes("o.usage_details", "input"),
            C::OutputTokens => return scope.classes("o.usage_details", "output"),
            C::InputCost => return scaled(&scope.classes("o.cost_details", "input"), NANOS),
            C::OutputCost => return scaled(&scope.classes("o.cost_details", "output"), NANOS),
            C::TokensPerSecond => {
                let tokens = scope.classes("o.usage_details", "output");
                return format!(
                    "(CASE WHEN o.latency_ms > 0 THEN CAST({tokens} AS double precision) * 1000.0 / o.latency_ms END)"
                );
            }
            C::Provider => {
                return scope
                    .engine
                    .pick(
                        "llm_json_text(llm_json_text(o.metadata, 'gateway'), 'provider')",
                        "json_extract(o.metadata, '$.gateway.provider')",
                    )
                    .to_owned();
            }
            C::Metadata
            | C::UserId
            | C::SessionId
            | C::TraceName
            | C::TraceRelease
            | C::TraceVersion
            | C::Tags => "o.metadata",
        };
        plain.to_owned()
    }

    fn key_test(_: ObservationColumn, key: &str, test: &KeyTest, scope: &mut Scope) -> Sql {
        metadata_test("o.metadata", key, test, scope.engine)
    }

    fn joins(scope: Scope) -> String {
        if scope.trace {
            TRACE.to_owned()
        } else {
            String::new()
        }
    }
}
