//! What users read: one trace, lists, reports.

use serde_json::{Value, json};

/// Midday to midday, a day and a half after the seeded rows begin to be dense.
const FROM: &str = "2026-03-20T00:00:00Z";
const TO: &str = "2026-03-21T00:00:00Z";
const TRACE: &str = "0000000000000000000000000abc03e8";
const OBSERVATION: &str = "00000000000f4241";

pub struct Request {
    pub name: &'static str,
    pub path: String,
    pub body: Option<Value>,
    /// Bounded by the time of one day.
    pub is_of_a_day: bool,
}

fn get(name: &'static str, path: impl Into<String>) -> Request {
    Request {
        name,
        path: path.into(),
        body: None,
        is_of_a_day: false,
    }
}

fn of_a_day(name: &'static str, path: &str, from: &str, to: &str) -> Request {
    let separator = if path.contains('?') { '&' } else { '?' };
    Request {
        is_of_a_day: true,
        ..get(name, format!("{path}{separator}{from}={FROM}&{to}={TO}"))
    }
}

fn report(view: &str, measures: &[(&str, &str)], dimensions: &[&str]) -> Value {
    let metrics: Vec<Value> = measures
        .iter()
        .map(|(measure, aggregation)| json!({ "measure": measure, "aggregation": aggregation }))
        .collect();
    let dimensions: Vec<Value> = dimensions
        .iter()
        .map(|field| json!({ "field": field }))
        .collect();
    json!({ "view": view, "metrics": metrics, "dimensions": dimensions, "filters": [],
        "timeDimension": { "granularity": "hour" }, "fromTimestamp": FROM, "toTimestamp": TO })
}

fn metrics(name: &'static str, version: &str, query: &Value) -> Request {
    let query: String =
        url::form_urlencoded::byte_serialize(query.to_string().as_bytes()).collect();
    Request {
        is_of_a_day: true,
        ..get(name, format!("/api/public/{version}metrics?query={query}"))
    }
}

/// The first is what the others are compared with.
#[expect(clippy::too_many_lines, reason = "one table of requests")]
pub fn all() -> Vec<Request> {
    let by_model = report(
        "observations",
        &[
            ("totalCost", "sum"),
            ("latency", "p95"),
            ("totalTokens", "sum"),
        ],
        &["providedModelName"],
    );
    let by_user = report(
        "traces",
        &[("count", "count"), ("totalCost", "sum")],
        &["userId"],
    );
    let by_name = report("scores-numeric", &[("value", "avg")], &["name"]);
    vec![
        get("a trace", format!("/api/public/traces/{TRACE}")),
        get("a trace, our own", format!("/api/v1/traces/{TRACE}")),
        get(
            "an observation",
            format!("/api/public/observations/{OBSERVATION}"),
        ),
        get(
            "observations of a trace",
            format!("/api/public/observations?traceId={TRACE}"),
        ),
        get("newest traces, our own", "/api/v1/traces?limit=50"),
        get(
            "newest observations, our own",
            "/api/v1/observations?limit=50",
        ),
        get(
            "newest observations, v2",
            "/api/public/v2/observations?limit=50",
        ),
        get(
            "traces of a user",
            "/api/public/traces?userId=user-1&limit=50",
        ),
        get(
            "traces of a session",
            "/api/public/traces?sessionId=session-1&limit=50",
        ),
        get("a session", "/api/public/sessions/session-1"),
        get(
            "scores of a trace",
            format!("/api/public/v2/scores?traceId={TRACE}"),
        ),
        of_a_day(
            "traces of a day",
            "/api/public/traces?limit=50",
            "fromTimestamp",
            "toTimestamp",
        ),
        of_a_day(
            "traces of a day, our own",
            "/api/v1/traces?limit=50",
            "from",
            "to",
        ),
        of_a_day(
            "export of a day",
            "/api/v1/traces/export?limit=100",
            "from",
            "to",
        ),
        of_a_day(
            "observations of a day",
            "/api/public/observations?limit=50",
            "fromStartTime",
            "toStartTime",
        ),
        of_a_day(
            "observations of a day, v2",
            "/api/public/v2/observations?limit=50",
            "fromStartTime",
            "toStartTime",
        ),
        of_a_day(
            "observations of a day, our own",
            "/api/v1/observations?limit=50",
            "from",
            "to",
        ),
        of_a_day(
            "failed observations of a day",
            "/api/public/v2/observations?limit=50&level=ERROR",
            "fromStartTime",
            "toStartTime",
        ),
        of_a_day(
            "scores of a day",
            "/api/public/v2/scores?limit=50",
            "fromTimestamp",
            "toTimestamp",
        ),
        // Their traces may lie on any day.
        Request {
            is_of_a_day: false,
            ..of_a_day(
                "sessions of a day",
                "/api/v1/sessions?limit=50",
                "from",
                "to",
            )
        },
        of_a_day("users of a day", "/api/v1/users?limit=50", "from", "to"),
        metrics("cost and latency by model, v1", "", &by_model),
        metrics("cost and latency by model, v2", "v2/", &by_model),
        metrics("traces and cost by user", "", &by_user),
        metrics("scores by name", "v2/", &by_name),
    ]
}
