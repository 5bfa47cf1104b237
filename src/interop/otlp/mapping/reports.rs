//! From a request to reports: one walk over its resources, scopes and spans.

use std::collections::{HashMap, HashSet};

use super::{
    attributes::Attributes,
    details, experiment,
    ids::{BadId, Ids},
    io, kind,
    metadata::{self, Shared},
    scores::{self, SpanScore},
    trace, usage,
    view::{EventView, ScopeView, Sender, SpanView, timestamp},
};
use crate::{
    interop::otlp::wire::{ResourceSpans, Scope, ScopeSpans, Span, TraceRequest},
    kernel::Timestamp,
    llm_integration::{ObservationReport, Report, TraceId, TraceReport},
};

/// What a request says.
#[derive(Debug, Default)]
pub struct Mapped {
    pub reports: Vec<Report>,
    pub scores: Vec<SpanScore>,
    pub spans: u64,
}

/// `now` stands for the times that a span leaves out.
///
/// # Errors
/// [`BadId`] for the first span whose ids are none; then nothing of the request is taken.
pub fn map(request: TraceRequest, sender: Sender, now: Timestamp) -> Result<Mapped, BadId> {
    let mut walk = Walk {
        sender,
        now,
        told: HashSet::new(),
        last_told: HashMap::new(),
        mentioned: HashSet::new(),
        mentions: Vec::new(),
        mapped: Mapped::default(),
    };
    for resource in request.resource_spans {
        walk.resource(resource)?;
    }
    Ok(walk.end())
}

struct Walk {
    sender: Sender,
    now: Timestamp,
    /// Traces of which a report says something.
    told: HashSet<TraceId>,
    /// Where in `mapped` the last report of a trace is.
    last_told: HashMap<TraceId, usize>,
    /// Traces that are only mentioned, so far.
    mentioned: HashSet<TraceId>,
    mentions: Vec<TraceReport>,
    mapped: Mapped,
}

impl Walk {
    fn resource(&mut self, resource: ResourceSpans) -> Result<(), BadId> {
        let attributes = resource.resource.unwrap_or_default().attributes;
        let attributes = Attributes::new(attributes);
        for scope in resource.scope_spans {
            self.scope(&attributes, scope)?;
        }
        Ok(())
    }

    fn scope(&mut self, resource: &Attributes, of_scope: ScopeSpans) -> Result<(), BadId> {
        let Scope {
            name,
            version,
            attributes,
        } = of_scope.scope.unwrap_or_default();
        let scope = ScopeView {
            name,
            version,
            attributes: Attributes::new(attributes),
        };
        let shared = Shared::new(resource, &scope);
        for span in of_scope.spans {
            self.span(resource, &scope, &shared, span)?;
        }
        Ok(())
    }

    fn span(
        &mut self,
        resource: &Attributes,
        scope: &ScopeView,
        shared: &Shared,
        span: Span,
    ) -> Result<(), BadId> {
        let Span {
            trace_id,
            span_id,
            parent_span_id,
            name,
            kind: _,
            start_time_unix_nano,
            end_time_unix_nano,
            attributes,
            events,
            links,
            status,
        } = span;
        let ids = Ids::of(&name, &trace_id, &span_id, &parent_span_id)?;
        let attributes = Attributes::new(attributes);
        let events: Vec<_> = events.into_iter().map(EventView::from).collect();
        let started_at = timestamp(start_time_unix_nano);
        let ended_at = timestamp(end_time_unix_nano).or(started_at);
        let view = SpanView {
            name: &name,
            started_at: started_at.or(ended_at).unwrap_or(self.now),
            ended_at: ended_at.unwrap_or(self.now),
            attributes: &attributes,
            events: &events,
            status: status.as_ref(),
            scope,
            resource,
            sender: self.sender,
        };
        self.tell_trace(&view, &ids, shared);
        self.mapped.scores.extend(scores::scores(&view, &ids));
        let observation = observation(&view, ids, &links, shared);
        self.mapped.reports.push(observation.into());
        self.mapped.spans += 1;
        Ok(())
    }

    fn tell_trace(&mut self, view: &SpanView<'_>, ids: &Ids, shared: &Shared) {
        if let Some(report) = trace::report(view, ids, shared) {
            self.told.insert(ids.trace.clone());
            self.tell(report);
        } else if !self.told.contains(&ids.trace) && self.mentioned.insert(ids.trace.clone()) {
            self.mentions.push(trace::mention(view, ids));
        }
    }

    /// SDKs repeat on every span what they know of its trace: said once, it is enough.
    fn tell(&mut self, report: TraceReport) {
        if let Some(place) = self.last_told.get(&report.id)
            && let Some(Report::Trace(known)) = self.mapped.reports.get_mut(*place)
            && trace::join(known, &report)
        {
            return;
        }
        let place = self.mapped.reports.len();
        self.last_told.insert(report.id.clone(), place);
        self.mapped.reports.push(report.into());
    }

    /// Each trace that nothing more is said of is mentioned once.
    fn end(mut self) -> Mapped {
        for mention in self.mentions {
            if self.told.insert(mention.id.clone()) {
                self.mapped.reports.push(mention.into());
            }
        }
        self.mapped
    }
}

fn observation(
    view: &SpanView<'_>,
    ids: Ids,
    links: &[crate::interop::otlp::wire::Link],
    shared: &Shared,
) -> ObservationReport {
    let kind = kind::kind(view);
    let found = io::io(view);
    let own = metadata::of_observation(view);
    let (prompt_name, prompt_version) = details::prompt(view);
    let metadata = metadata::written(view, &found, links, shared, &own);
    let part_of = experiment::of(view);
    ObservationReport {
        parent_id: ids.parent,
        kind: Some(kind),
        name: details::name(view),
        started_at: Some(view.started_at),
        ended_at: Some(view.ended_at),
        completion_started_at: details::completion_started_at(view),
        level: Some(details::level(view)),
        status_message: details::status_message(view),
        environment: details::environment(view),
        version: details::version(view),
        model: details::model(view),
        model_parameters: details::parameters(view),
        prompt_name,
        prompt_version,
        experiment_id: part_of.id,
        experiment_name: part_of.name,
        experiment_item_id: part_of.item,
        usage: usage::usage(view, kind),
        usage_estimated: false,
        cost: usage::cost(view, kind),
        metadata: Some(metadata),
        input: found.io.input,
        output: found.io.output,
        ..ObservationReport::new(ids.span, ids.trace, view.ended_at)
    }
}
