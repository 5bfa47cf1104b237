//! A batch: each of its events becomes a report, a score, or an error of its own.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    fields::{Fields, Issue},
    observation::{self, Around},
    trace,
};
use crate::{
    interop::{captured::well_formed, langfuse::scores},
    kernel::{ErrorCode, Failure, Timestamp},
    llm_integration::{ObservationId, ObservationKind, Report, ScoreReport, TraceId},
};

/// What each event of a batch came to.
#[derive(Debug, Default)]
pub struct Batch {
    pub reports: Vec<Report>,
    /// With the id of the event that each came in.
    pub scores: Vec<(String, ScoreReport)>,
    /// Ids of events that became reports.
    pub taken: Vec<String>,
    pub errors: Vec<EventError>,
}

/// Why an event was not taken.
#[derive(Debug, Serialize)]
pub struct EventError {
    id: String,
    status: u16,
    message: &'static str,
    error: String,
}

impl EventError {
    pub fn invalid(id: String, error: String) -> Self {
        Self {
            id,
            status: 400,
            message: "Invalid request data",
            error,
        }
    }
}

#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}

/// What an event of this type is about.
enum About {
    Trace,
    /// A kind, unless the body names it; whether it changes one that is there.
    Observation(Option<ObservationKind>, bool),
    Score,
    /// What an SDK has to say of itself.
    Log,
}

const TYPES: &[(&str, About)] = {
    use About::{Log, Observation, Score, Trace};
    use ObservationKind as K;
    &[
        ("trace-create", Trace),
        ("span-create", Observation(Some(K::Span), false)),
        ("span-update", Observation(Some(K::Span), true)),
        ("generation-create", Observation(Some(K::Generation), false)),
        ("generation-update", Observation(Some(K::Generation), true)),
        ("event-create", Observation(Some(K::Event), false)),
        ("agent-create", Observation(Some(K::Agent), false)),
        ("tool-create", Observation(Some(K::Tool), false)),
        ("chain-create", Observation(Some(K::Chain), false)),
        ("retriever-create", Observation(Some(K::Retriever), false)),
        ("evaluator-create", Observation(Some(K::Evaluator), false)),
        ("embedding-create", Observation(Some(K::Embedding), false)),
        ("guardrail-create", Observation(Some(K::Guardrail), false)),
        ("observation-create", Observation(None, false)),
        ("observation-update", Observation(None, true)),
        ("score-create", Score),
        ("sdk-log", Log),
    ]
};

/// An update is said after the creation that it follows, also within one millisecond.
const UPDATE_FOLLOWS: Duration = Duration::from_micros(1);

/// # Errors
/// `invalid_request` when the body is no batch at all.
pub fn parse(body: &[u8]) -> Result<Batch, Failure> {
    let body = well_formed(body);
    let sent: Sent<'_> = serde_json::from_slice(&body).map_err(|error| {
        let what = format!("Invalid request data: the body is no batch of events: {error}");
        Failure::new(ErrorCode::InvalidRequest, what)
    })?;
    let mut reading = Reading::default();
    for event in sent.batch {
        reading.event(event);
    }
    Ok(reading.batch)
}

#[derive(Default)]
struct Reading {
    batch: Batch,
    /// Updates may leave out the trace that the creation named.
    traces: HashMap<ObservationId, TraceId>,
}

impl Reading {
    fn event(&mut self, event: &RawValue) {
        let id = id_of(event);
        if let Err(issues) = self.read(event, &id) {
            let issues = serde_json::to_string(&issues).unwrap_or_else(|error| error.to_string());
            self.batch.errors.push(EventError::invalid(id, issues));
        }
    }

    fn read(&mut self, event: &RawValue, event_id: &str) -> Result<(), Vec<Issue>> {
        let mut fields = Fields::of(Some(event), &[])?;
        let id = fields.text("id");
        fields.require("id", id);
        let at = fields.time("timestamp");
        let at = fields.require("timestamp", at);
        let type_name = fields.text("type");
        let type_name = fields.require("type", type_name);
        let body = fields.raw("body");
        let (Some(at), Some(type_name)) = (at, type_name) else {
            return fields.end(());
        };
        fields.end(())?;
        let found = TYPES.iter().find(|(name, _)| *name == type_name);
        let (_, about) = found.ok_or_else(|| {
            let known: Vec<_> = TYPES.iter().map(|(name, _)| *name).collect();
            vec![Issue::unknown_type(&type_name, &known.join(", "))]
        })?;
        match about {
            About::Trace => self.trace(body, event_id, at)?,
            About::Observation(kind, is_update) => {
                self.observation(body, event_id, at, *kind, *is_update)?;
            }
            About::Score => return self.score(body, event_id, at),
            About::Log => {
                tracing::debug!(event = event_id, "an SDK sent a log event");
                return Ok(());
            }
        }
        if !self.batch.taken.iter().any(|taken| taken == event_id) {
            self.batch.taken.push(event_id.to_owned());
        }
        Ok(())
    }

    fn trace(
        &mut self,
        body: Option<&RawValue>,
        event_id: &str,
        at: Timestamp,
    ) -> Result<(), Vec<Issue>> {
        let report = trace::report(Fields::of(body, BODY)?, id_from(event_id)?, at)?;
        self.batch.reports.push(report.into());
        Ok(())
    }

    fn observation(
        &mut self,
        body: Option<&RawValue>,
        event_id: &str,
        at: Timestamp,
        kind: Option<ObservationKind>,
        is_update: bool,
    ) -> Result<(), Vec<Issue>> {
        let around = Around {
            kind,
            is_update,
            at: if is_update {
                at.plus(UPDATE_FOLLOWS)
            } else {
                at
            },
            trace_of: &|id| self.traces.get(id).cloned(),
            fallback: id_from(event_id)?,
        };
        let report = observation::report(Fields::of(body, BODY)?, around)?;
        let (id, trace) = (report.id.clone(), report.trace_id.clone());
        self.traces.insert(id, trace);
        self.batch.reports.push(report.into());
        Ok(())
    }

    fn score(
        &mut self,
        body: Option<&RawValue>,
        event_id: &str,
        at: Timestamp,
    ) -> Result<(), Vec<Issue>> {
        Fields::of(body, BODY)?;
        let body = body.unwrap_or(RawValue::NULL);
        let refused = |failure: Failure| vec![Issue::of_body(failure.message.clone())];
        let mut report = scores::parse_one(body).map_err(refused)?;
        report.id = report.id.or_else(|| Some(event_id.to_owned()));
        report.scored_at = report.scored_at.or(Some(at));
        self.batch.scores.push((event_id.to_owned(), report));
        Ok(())
    }
}

const BODY: &[&str] = &["body"];

/// The event's own id, for the answer.
fn id_of(event: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Identified {
        id: String,
    }
    let identified: Result<Identified, _> = serde_json::from_str(event.get());
    identified.map_or_else(|_| "unknown".to_owned(), |event| event.id)
}

/// What the body leaves out is named after its event, so that a repetition is no second one.
fn id_from<T: std::str::FromStr<Err = String>>(event_id: &str) -> Result<T, Vec<Issue>> {
    let id = event_id.parse();
    id.map_err(|takes| vec![Issue::of_body(format!("Invalid event id: {takes}"))])
}
