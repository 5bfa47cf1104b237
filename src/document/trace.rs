//! One trace for work that calls models: what was wanted and what came of it on top, retrievals and calls below.

use serde_json::Value;

use crate::{
    kernel::{Clock, Failure, ProjectId, Timestamp},
    llm_integration::{
        CompletionLinks, JsonText, Level, NotStored, ObservationId, ObservationKind,
        ObservationReport, Recorder, Report, TraceId, TraceReport,
    },
};

const LEFT: &str = "it was left before it ended";

/// What a trace begins with.
pub(super) struct Beginning {
    pub project: ProjectId,
    pub name: &'static str,
    pub session: Option<String>,
    pub input: Value,
}

/// A trace that is being told. Dropped before its end, it says that it was left.
pub(super) struct WorkTrace {
    recorder: Recorder,
    clock: Clock,
    project: ProjectId,
    pub id: TraceId,
    root: ObservationId,
    session: Option<String>,
    name: &'static str,
    is_open: bool,
}

impl WorkTrace {
    pub fn begin((recorder, clock): (&Recorder, &Clock), beginning: Beginning) -> Self {
        let Beginning {
            project,
            name,
            session,
            input,
        } = beginning;
        let trace = Self {
            recorder: recorder.clone(),
            clock: clock.clone(),
            project,
            id: TraceId::new(clock),
            root: ObservationId::new(clock),
            session,
            name,
            is_open: true,
        };
        let (input, now) = (JsonText::of(&input), clock.now());
        let mut told = TraceReport::new(trace.id.clone(), now);
        told.started_at = Some(now);
        told.name = Some(name.to_owned());
        told.session_id.clone_from(&trace.session);
        told.input = Some(input.clone());
        let mut root = trace.observation(trace.root.clone(), ObservationKind::Chain, name);
        root.input = Some(input);
        trace.submit(vec![told.into(), root.into()]);
        trace
    }

    /// Where a call to a model stands in the trace.
    pub fn links(&self) -> CompletionLinks {
        CompletionLinks {
            trace: Some(self.id.clone()),
            parent: Some(self.root.clone()),
            session: self.session.clone(),
            name: Some(self.name.to_owned()),
            user: None,
        }
    }

    /// Tells of a retrieval that has just ended.
    pub fn retrieved(&self, began: Timestamp, input: &Value, output: &Value) {
        let id = ObservationId::new(&self.clock);
        let mut told = self.observation(id, ObservationKind::Retriever, "retrieve");
        told.parent_id = Some(self.root.clone());
        told.started_at = Some(began);
        told.ended_at = Some(self.clock.now());
        told.input = Some(JsonText::of(input));
        told.output = Some(JsonText::of(output));
        self.submit(vec![told.into()]);
    }

    /// Ends the trace; returns when it is durable.
    ///
    /// # Errors
    /// [`NotStored`] when it could not be made so in time.
    pub async fn end(mut self, output: &Value, failure: Option<&Failure>) -> Result<(), NotStored> {
        let reports = self.close(
            Some(output),
            failure.map(|failure| failure.message.as_str()),
        );
        self.recorder.record(self.project, reports).await
    }

    fn close(&mut self, output: Option<&Value>, failure: Option<&str>) -> Vec<Report> {
        self.is_open = false;
        let now = self.clock.now();
        let mut told = TraceReport::new(self.id.clone(), now);
        told.output = output.map(JsonText::of);
        let mut root = ObservationReport::new(self.root.clone(), self.id.clone(), now);
        root.ended_at = Some(now);
        root.output = output.map(JsonText::of);
        if let Some(message) = failure {
            root.level = Some(Level::Error);
            root.status_message = Some(message.to_owned());
        }
        vec![told.into(), root.into()]
    }

    fn observation(
        &self,
        id: ObservationId,
        kind: ObservationKind,
        name: &str,
    ) -> ObservationReport {
        let now = self.clock.now();
        let mut told = ObservationReport::new(id, self.id.clone(), now);
        told.kind = Some(kind);
        told.name = Some(name.to_owned());
        told.started_at = Some(now);
        told
    }

    fn submit(&self, reports: Vec<Report>) {
        self.recorder.submit(self.project, reports);
    }
}

impl Drop for WorkTrace {
    fn drop(&mut self) {
        if self.is_open {
            let reports = self.close(None, Some(LEFT));
            self.submit(reports);
        }
    }
}
