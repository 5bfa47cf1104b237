//! What is sent to the app under load: calls, spans by OTLP, events by Langfuse's ingestion; and what must be there once
//! one of them was accepted.

use serde_json::{Value, json};

use crate::support::binary::{Answered, Caller};

/// 2026-11-22T00:00:00Z, in seconds.
const START: u64 = 1_795_305_600;
/// Spans of one request.
const SPANS: u64 = 3;

/// One request, and what it reports.
#[derive(Clone)]
pub struct Sent {
    kind: Kind,
    pub trace: String,
    /// The ids of what it reports; none where the app makes the only one.
    pub observations: Vec<String>,
    body: Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Call,
    Spans,
    Events,
}

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::Call => "/v1/chat/completions",
            Self::Spans => "/v1/traces",
            Self::Events => "/api/public/ingestion",
        }
    }
}

impl Sent {
    pub fn new(kind: Kind, number: u64) -> Self {
        match kind {
            Kind::Call => call(number),
            Kind::Spans => spans(&format!("{number:032x}"), 0),
            Kind::Events => events(&format!("events-{number}"), 0),
        }
    }

    /// Whether it can be sent again without saying something new.
    pub fn is_repeatable(&self) -> bool {
        self.kind != Kind::Call
    }

    /// True when the app said that it has it.
    pub async fn send(&self, to: &Caller) -> bool {
        let answer = to.post(self.kind.path(), &self.body).await;
        answer.is_some_and(|answer| self.is_accepted(&answer))
    }

    fn is_accepted(&self, answer: &Answered) -> bool {
        let Answered { status, body, .. } = answer;
        match self.kind {
            Kind::Call => *status == 200 && answer.is_traced,
            Kind::Spans => *status == 200 && body.get("partialSuccess").is_none_or(Value::is_null),
            Kind::Events => *status == 207 && body["errors"] == json!([]),
        }
    }
}

fn call(number: u64) -> Sent {
    let trace = format!("call-{number}");
    Sent {
        kind: Kind::Call,
        body: json!({
            "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": "Hi" }],
            "metadata": { "langfuse_trace_id": trace },
        }),
        trace,
        observations: Vec::new(),
    }
}

/// Spans of a trace from the `first` on.
pub fn spans(trace: &str, first: u64) -> Sent {
    let ids: Vec<String> = (first..first + SPANS)
        .map(|number| format!("{:016x}", number + 1))
        .collect();
    let span = |id: &String| {
        let nanos = |second: u64| format!("{}000000000", START + second);
        json!({ "traceId": trace, "spanId": id, "name": id, "kind": 1,
            "startTimeUnixNano": nanos(1), "endTimeUnixNano": nanos(2) })
    };
    let spans: Vec<Value> = ids.iter().map(span).collect();
    Sent {
        kind: Kind::Spans,
        trace: trace.to_owned(),
        observations: ids,
        body: json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] }),
    }
}

/// A trace, and spans of it from the `first` on, each by its start and by its end.
pub fn events(trace: &str, first: u64) -> Sent {
    let ids: Vec<String> = (first..first + SPANS)
        .map(|number| format!("span-{number}"))
        .collect();
    let tag = format!("tag-{first}");
    let mut batch = vec![event(
        &format!("{trace}-{first}"),
        "trace-create",
        first,
        &json!({ "id": trace, "name": format!("name-{first:02}"), "tags": [tag], "metadata": { tag.as_str(): first } }),
    )];
    for id in &ids {
        let started = json!({ "id": id, "traceId": trace, "name": id, "startTime": time(1) });
        let ended = json!({ "id": id, "traceId": trace, "endTime": time(2), "output": id });
        batch.push(event(
            &format!("{trace}-{id}-ends"),
            "span-update",
            2,
            &ended,
        ));
        batch.push(event(
            &format!("{trace}-{id}-starts"),
            "span-create",
            1,
            &started,
        ));
    }
    Sent {
        kind: Kind::Events,
        trace: trace.to_owned(),
        observations: ids,
        body: json!({ "batch": batch }),
    }
}

fn event(id: &str, kind: &str, second: u64, body: &Value) -> Value {
    json!({ "id": id, "type": kind, "timestamp": time(second), "body": body })
}

fn time(second: u64) -> String {
    format!("2026-11-22T00:00:{second:02}.000Z")
}
