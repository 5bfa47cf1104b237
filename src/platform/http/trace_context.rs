//! W3C trace context: a caller's trace goes on in our spans, and every log line names its trace.

use actix_web::http::header::{HeaderMap, HeaderName};
use opentelemetry::{global, propagation::Extractor, trace::TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::kernel::{Clock, Id};

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

enum TraceMarker {}

/// Makes the request's span a child of the caller's, if it named one, and records the `trace_id`.
pub(super) fn continue_in(span: &Span, headers: &HeaderMap, clock: &Clock) {
    if span.is_disabled() {
        return;
    }
    let parent =
        global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
    let exported = span.set_parent(parent).is_ok();
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    if exported && trace != opentelemetry::TraceId::INVALID {
        span.record("trace_id", tracing::field::display(trace));
        return;
    }
    let given = headers
        .get("traceparent")
        .and_then(|value| trace_of(value.to_str().ok()?));
    if let Some(trace) = given {
        span.record("trace_id", trace);
    } else {
        let trace: Id<TraceMarker> = clock.new_id();
        span.record(
            "trace_id",
            tracing::field::display(trace.as_uuid().simple()),
        );
    }
}

/// The trace id in a `traceparent` of version 00: `00-<32 hex>-<16 hex>-<2 hex>`.
fn trace_of(traceparent: &str) -> Option<&str> {
    const LENGTH: usize = 32;
    let trace = traceparent.strip_prefix("00-")?.get(..LENGTH)?;
    let is_hex = trace
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (is_hex && trace.bytes().any(|byte| byte != b'0')).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_traceparent_names_a_trace() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(
            trace_of(&format!("00-{trace}-b7ad6b7169203331-01")),
            Some(trace)
        );
        assert_eq!(
            trace_of("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
            None
        );
        assert_eq!(trace_of("00-0AF7"), None);
    }
}
