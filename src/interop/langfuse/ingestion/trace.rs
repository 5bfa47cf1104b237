//! The body of `trace-create`.

use super::fields::{Fields, Issue};
use crate::{
    interop::label::label,
    kernel::Timestamp,
    llm_integration::{TraceId, TraceReport},
};

/// `fallback` is the id of a trace that its sender gave none.
pub fn report(
    mut body: Fields<'_>,
    fallback: TraceId,
    at: Timestamp,
) -> Result<TraceReport, Vec<Issue>> {
    let id = body.id("id").unwrap_or(fallback);
    let report = TraceReport {
        started_at: Some(body.time("timestamp").unwrap_or(at)),
        name: body.label("name"),
        user_id: body.label("userId"),
        session_id: body.label("sessionId"),
        release: body.label("release"),
        version: body.label("version"),
        environment: body.environment(),
        public: body.flag("public"),
        tags: body.texts("tags").into_iter().filter_map(label).collect(),
        metadata: body.any("metadata"),
        input: body.any("input"),
        output: body.any("output"),
        ..TraceReport::new(id, at)
    };
    body.end(report)
}
