//! Columns of traces.

use super::{
    scope::{MILLIS, NANOS, Scope, View, scaled},
    tests::{metadata_test, symbol, test_of, values},
};
use crate::{
    llm_integration::query::{ColumnKind, KeyTest, Test, TraceColumn},
    platform::db::{Engine, Sql},
};

pub enum OfTraces {}

/// The observations of a trace.
const OBSERVED: &str =
    "FROM llm_observation oo WHERE oo.project_id = t.project_id AND oo.trace_id = t.id";
const SCORED: &str = "FROM llm_score ss WHERE ss.project_id = t.project_id AND ss.trace_id = t.id";

impl View for OfTraces {
    type Column = TraceColumn;
    const TABLE: &'static str = "llm_trace";
    const ALIAS: &'static str = "t";
    const TIME: &'static str = "t.started_at";
    const HAS_TRACE: bool = false;

    fn expression(column: TraceColumn, scope: &mut Scope) -> String {
        use TraceColumn as C;
        let count = |level: &str| format!("(SELECT count(*) {OBSERVED} AND oo.level = '{level}')");
        let sum = |expression: String| {
            format!("(SELECT CAST(coalesce(sum({expression}), 0) AS double precision) {OBSERVED})")
        };
        let plain = match column {
            C::Id => "t.id",
            C::Name => "t.name",
            C::Timestamp => "t.started_at",
            C::UserId => "t.user_id",
            C::SessionId => "t.session_id",
            C::Environment => "t.environment",
            C::Version => "t.version",
            C::Release => "t.release",
            C::Tags => "t.tags",
            C::Bookmarked => "t.bookmarked",
            C::Public => "t.public",
            C::Metadata => "t.metadata",
            C::Input => "t.input",
            C::Output => "t.output",
            C::TotalTokens => "t.total_tokens",
            C::ErrorCount => "t.error_count",
            C::ObservationCount => "t.observation_count",
            C::Latency => return scaled("t.latency_ms", MILLIS),
            C::TotalCost => return scaled("t.total_cost", NANOS),
            C::InputTokens => return sum(scope.classes("oo.usage_details", "input")),
            C::OutputTokens => return sum(scope.classes("oo.usage_details", "output")),
            C::InputCost => return scaled(&sum(scope.classes("oo.cost_details", "input")), NANOS),
            C::OutputCost => {
                return scaled(&sum(scope.classes("oo.cost_details", "output")), NANOS);
            }
            C::Level => return highest_level(),
            C::DebugCount => return count("DEBUG"),
            C::DefaultCount => return count("DEFAULT"),
            C::WarningCount => return count("WARNING"),
            C::ScoreCount => return format!("(SELECT count(*) {SCORED})"),
            C::ScoresAvg => {
                return format!("(SELECT avg(ss.value) {SCORED} AND ss.data_type = 'NUMERIC')");
            }
            C::ScoreCategories => {
                return format!(
                    "(SELECT max(ss.string_value) {SCORED} AND ss.data_type = 'CATEGORICAL')"
                );
            }
            C::ScoreBooleans => {
                return format!("(SELECT max(ss.value) {SCORED} AND ss.data_type = 'BOOLEAN')");
            }
        };
        plain.to_owned()
    }

    fn key_test(column: TraceColumn, key: &str, test: &KeyTest, scope: &mut Scope) -> Sql {
        let (data_type, what) = match column {
            TraceColumn::ScoresAvg => ("NUMERIC", "avg(ss.value)"),
            TraceColumn::ScoreCategories => ("CATEGORICAL", "ss.string_value"),
            TraceColumn::ScoreBooleans => ("BOOLEAN", "ss.value"),
            _ => return metadata_test("t.metadata", key, test, scope.engine),
        };
        score_test(data_type, what, key, test, scope.engine)
    }

    fn joins(_: Scope) -> String {
        String::new()
    }
}

/// A test of the trace's scores of a name.
fn score_test(data_type: &str, what: &str, name: &str, test: &KeyTest, engine: Engine) -> Sql {
    let scores = |select: &str| {
        Sql::new(format!(
            "(SELECT {select} {SCORED} AND ss.data_type = '{data_type}' AND ss.name = "
        ))
        .bind(name)
    };
    let has = |condition: Sql| {
        Sql::new("EXISTS ")
            .then(scores("1"))
            .text(" AND ")
            .then(condition)
            .text(")")
    };
    let truth = |value: bool| Sql::new(format!("{what} = {}", i32::from(value)));
    match test {
        KeyTest::Number(compare, wanted) => {
            scores(what).text(")").text(symbol(*compare)).bind(*wanted)
        }
        KeyTest::AnyOf(texts) => has(Sql::new(format!("{what} IN ("))
            .then(values(texts))
            .text(")")),
        KeyTest::NoneOf(texts) => Sql::new("NOT ").then(has(Sql::new(format!("{what} IN ("))
            .then(values(texts))
            .text(")"))),
        KeyTest::Is(value) => has(truth(*value)),
        KeyTest::IsNot(value) => Sql::new("NOT ").then(has(truth(*value))),
        KeyTest::Set(true) => Sql::new("EXISTS ").then(scores("1")).text(")"),
        KeyTest::Set(false) => Sql::new("NOT EXISTS ").then(scores("1")).text(")"),
        KeyTest::Text(how, wanted) => {
            let test = test_of(
                what,
                ColumnKind::Text,
                &Test::Text(*how, wanted.clone()),
                engine,
            );
            has(Sql::new("(").then(test).text(")"))
        }
    }
}

fn highest_level() -> String {
    format!(
        "(SELECT CASE max(CASE oo.level WHEN 'ERROR' THEN 3 WHEN 'WARNING' THEN 2 WHEN 'DEFAULT' THEN 1 \
         ELSE 0 END) WHEN 3 THEN 'ERROR' WHEN 2 THEN 'WARNING' WHEN 1 THEN 'DEFAULT' WHEN 0 THEN 'DEBUG' \
         END {OBSERVED})"
    )
}
