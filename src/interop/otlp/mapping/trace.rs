//! What a span says of its whole trace: as its root, or because the application said it there.

use std::{borrow::Cow, time::Duration};

use super::{
    details,
    ids::Ids,
    langfuse,
    metadata::{self, Shared},
    view::SpanView,
};
use crate::{
    interop::{
        label::{label, tags},
        otlp::wire::Value,
    },
    llm_integration::{JsonText, TraceReport},
};

const USER: &[&str] = &[
    "langfuse.user.id",
    "user.id",
    "langfuse.observation.metadata.langfuse_user_id",
    "langfuse.trace.metadata.langfuse_user_id",
    "ai.telemetry.metadata.userId",
    "traceloop.association.properties.user_id",
    "mlflow.trace.user",
    "enduser.id",
];
const SESSION: &[&str] = &[
    "langfuse.session.id",
    "session.id",
    "gen_ai.conversation.id",
    "langfuse.observation.metadata.langfuse_session_id",
    "langfuse.trace.metadata.langfuse_session_id",
    "ai.telemetry.metadata.sessionId",
    "traceloop.association.properties.session_id",
    "mlflow.trace.session",
];
const TAGS: &[&str] = &[
    "langfuse.trace.tags",
    "langfuse.tags",
    "langfuse.observation.metadata.langfuse_tags",
    "langfuse.trace.metadata.langfuse_tags",
    "ai.telemetry.metadata.tags",
    "tag.tags",
];

/// What was said within a step was said after what its trace began with.
const SAID_WITHIN: Duration = Duration::from_micros(1);

/// `None` when the span says nothing of its trace but that it exists.
pub fn report(view: &SpanView<'_>, ids: &Ids, shared: &Shared) -> Option<TraceReport> {
    let is_root = is_root(view, ids);
    let mut report = said(view, ids);
    let own = metadata::of_trace(view);
    if is_root {
        let mut all = metadata::of_observation(view);
        all.extend(own);
        report.metadata = Some(metadata::written_of_trace(&all, shared));
        report.name = report.name.or_else(|| details::name(view));
    } else if !own.is_empty() {
        report.metadata = Some(JsonText::of(&own));
    }
    if !is_root && says_nothing(&report) {
        return None;
    }
    report.at = if is_root {
        view.started_at
    } else {
        view.started_at.plus(SAID_WITHIN)
    };
    report.started_at = Some(view.started_at);
    let release = view.attributes.first_text(&[langfuse::RELEASE]);
    let release = release.or_else(|| view.resource.first_text(&[langfuse::RELEASE]));
    report.release = release.and_then(label);
    report.version = details::version(view);
    report.environment = details::environment(view);
    Some(report)
}

/// Makes one report of two that say the same at different times; `false` when they do not.
pub fn join(known: &mut TraceReport, other: &TraceReport) -> bool {
    let same_time = TraceReport {
        at: known.at,
        started_at: known.started_at,
        ..other.clone()
    };
    let same = *known == same_time;
    if same {
        known.at = known.at.max(other.at);
        known.started_at = known.started_at.min(other.started_at);
    }
    same
}

/// That the trace exists, for one whose root is not in the same request.
pub fn mention(view: &SpanView<'_>, ids: &Ids) -> TraceReport {
    TraceReport {
        started_at: Some(view.started_at),
        environment: details::environment(view),
        ..TraceReport::new(ids.trace.clone(), view.started_at)
    }
}

fn is_root(view: &SpanView<'_>, ids: &Ids) -> bool {
    let marked = view.attributes.get(langfuse::AS_ROOT);
    ids.parent.is_none() || marked.and_then(Value::as_bool) == Some(true)
}

/// What the application said on this span of its trace.
fn said(view: &SpanView<'_>, ids: &Ids) -> TraceReport {
    let text = |keys| view.attributes.first_text(keys).and_then(label);
    let public = view.attributes.first(&langfuse::TRACE_PUBLIC);
    let io = langfuse::trace_io(view);
    TraceReport {
        name: text(&[langfuse::TRACE_NAME]),
        user_id: text(USER),
        session_id: text(SESSION),
        public: public.and_then(Value::as_bool),
        tags: view.attributes.first(TAGS).map_or_else(Vec::new, listed),
        input: io.input,
        output: io.output,
        ..TraceReport::new(ids.trace.clone(), view.started_at)
    }
}

fn says_nothing(report: &TraceReport) -> bool {
    let TraceReport {
        id: _,
        at: _,
        started_at: _,
        name,
        user_id,
        session_id,
        release: _,
        version: _,
        environment: _,
        public,
        bookmarked: _,
        tags,
        metadata,
        input,
        output,
    } = report;
    let texts = [name, user_id, session_id];
    let values = [metadata, input, output];
    texts.iter().all(|text| text.is_none())
        && values.iter().all(|value| value.is_none())
        && public.is_none()
        && tags.is_empty()
}

/// Tags as a list, as JSON of a list, as text with commas, or as one word.
fn listed(given: &Value) -> Vec<String> {
    match given {
        Value::List(list) => {
            let values = list.values.iter().filter_map(|value| value.value.as_ref());
            tags(values.map(Value::shown))
        }
        Value::Text(text) => match serde_json::from_str::<Vec<serde_json::Value>>(text) {
            Ok(list) => tags(list.iter().map(|tag| match tag {
                serde_json::Value::String(tag) => Cow::Borrowed(tag.as_str()),
                other => Cow::Owned(other.to_string()),
            })),
            Err(_) => tags(text.split(',').map(Cow::Borrowed)),
        },
        other => tags(std::iter::once(other.shown())),
    }
}
