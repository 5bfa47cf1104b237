//! What can be measured of each view. Amounts are whole numbers until they are aggregated, so that
//! sums are exact.

use crate::llm_integration::query::{
    ObservationColumn, OfObservations, OfScores, OfTraces, Scope, ScoreColumn, TraceColumn, View,
};

const NANOS: f64 = 1e9;

/// A row's value, and what an aggregate of it is divided by.
pub struct Measure {
    pub expression: String,
    pub divisor: f64,
}

/// A view that reports can be made of.
pub trait Reported: View {
    /// Every measure there is.
    const MEASURES: &'static [&'static str];

    /// The measure of this name, which is one of [`Reported::MEASURES`].
    fn measure(name: &str, scope: &mut Scope) -> Measure;
}

fn plain(expression: impl Into<String>) -> Measure {
    Measure {
        expression: expression.into(),
        divisor: 1.0,
    }
}

fn dollars(expression: impl Into<String>) -> Measure {
    Measure {
        expression: expression.into(),
        divisor: NANOS,
    }
}

impl Reported for OfTraces {
    const MEASURES: &'static [&'static str] = &[
        "count",
        "observationsCount",
        "scoresCount",
        "uniqueUserIds",
        "uniqueSessionIds",
        "latency",
        "totalTokens",
        "totalCost",
        "errors",
    ];

    fn measure(name: &str, scope: &mut Scope) -> Measure {
        match name {
            "observationsCount" => plain("t.observation_count"),
            "scoresCount" => plain(Self::expression(TraceColumn::ScoreCount, scope)),
            "uniqueUserIds" => plain("t.user_id"),
            "uniqueSessionIds" => plain("t.session_id"),
            "latency" => plain("t.latency_ms"),
            "totalTokens" => plain("t.total_tokens"),
            "totalCost" => dollars("t.total_cost"),
            "errors" => plain("CASE WHEN t.error_count > 0 THEN 1 ELSE 0 END"),
            _ => plain("1"),
        }
    }
}

impl Reported for OfObservations {
    const MEASURES: &'static [&'static str] = &[
        "count",
        "latency",
        "streamingLatency",
        "timeToFirstToken",
        "inputTokens",
        "outputTokens",
        "totalTokens",
        "outputTokensPerSecond",
        "tokensPerSecond",
        "inputCost",
        "outputCost",
        "totalCost",
        "countScores",
        "errors",
        "uniqueTraceIds",
        "uniqueUserIds",
    ];

    fn measure(name: &str, scope: &mut Scope) -> Measure {
        use ObservationColumn as C;
        match name {
            "latency" => plain("o.latency_ms"),
            "streamingLatency" => plain("(o.latency_ms - o.time_to_first_token_ms)"),
            "timeToFirstToken" => plain("o.time_to_first_token_ms"),
            "inputTokens" => plain(Self::expression(C::InputTokens, scope)),
            "outputTokens" => plain(Self::expression(C::OutputTokens, scope)),
            "totalTokens" => plain("o.total_tokens"),
            "outputTokensPerSecond" => plain(Self::expression(C::TokensPerSecond, scope)),
            "tokensPerSecond" => plain(
                "(CASE WHEN o.latency_ms > 0 THEN CAST(o.total_tokens AS double precision) * 1000.0 / o.latency_ms END)",
            ),
            "inputCost" => dollars(scope.classes("o.cost_details", "input")),
            "outputCost" => dollars(scope.classes("o.cost_details", "output")),
            "totalCost" => dollars("o.total_cost"),
            "countScores" => plain(
                "(SELECT count(*) FROM llm_score ss WHERE ss.project_id = o.project_id \
                 AND ss.trace_id = o.trace_id AND ss.observation_id = o.id)",
            ),
            "errors" => plain("CASE WHEN o.level = 'ERROR' THEN 1 ELSE 0 END"),
            "uniqueTraceIds" => plain("o.trace_id"),
            "uniqueUserIds" => plain(Self::expression(C::UserId, scope)),
            _ => plain("1"),
        }
    }
}

impl Reported for OfScores {
    const MEASURES: &'static [&'static str] = &["count", "value"];

    fn measure(name: &str, scope: &mut Scope) -> Measure {
        match name {
            "value" => plain(Self::expression(ScoreColumn::Value, scope)),
            _ => plain("1"),
        }
    }
}
