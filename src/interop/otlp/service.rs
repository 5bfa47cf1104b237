//! Takes exported spans in: decoded, mapped, recorded, in this order, and all of a request or nothing.

use actix_web::{HttpRequest, web};

use super::{
    mapping::{self, Mapped, ScoredAs, Sender, SpanScore},
    wire::{Encoding, PartialSuccess, TraceResponse},
};
use crate::{
    interop::{
        IngestSettings, Intake,
        intake::{Body, BodyLimit},
    },
    kernel::{Actor, Clock, ErrorCode, Failure, Permission, ProjectId},
    llm_integration::{Recorder, ReportedValue, ScoreReport, ScoreSource, ScoreSubject, Scores},
};

/// Spans that were taken in are counted here.
const SPANS_TOTAL: &str = "otlp_spans_total";

/// Where exported spans are taken in. Cheap to clone.
#[derive(Clone)]
pub struct Otlp {
    recorder: Recorder,
    scores: Scores,
    clock: Clock,
    intake: Intake,
    body_limit: BodyLimit,
}

impl Otlp {
    pub fn new(
        recorder: Recorder,
        scores: Scores,
        clock: Clock,
        intake: Intake,
        settings: &IngestSettings,
    ) -> Self {
        let body_limit = BodyLimit {
            bytes: settings.otlp_body_limit_bytes,
            name: "`ingest.otlp_body_limit_bytes`",
        };
        Self {
            recorder,
            scores,
            clock,
            intake,
            body_limit,
        }
    }

    /// # Errors
    /// Of [`Intake::receive`].
    pub async fn receive(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<Body, Failure> {
        self.intake.receive(request, payload, self.body_limit).await
    }

    /// Returns when everything in the body is durable.
    ///
    /// # Errors
    /// `invalid_request` for what is no request, or has spans without ids: then nothing is taken.
    /// `overloaded` when no more can be stored now.
    pub async fn take_in(
        &self,
        actor: &Actor,
        body: Body,
        encoding: Encoding,
        sender: Sender,
    ) -> Result<TraceResponse, Failure> {
        actor.require(Permission::TracesWrite)?;
        let now = self.clock.now();
        let mapped = body.read(move |bytes| {
            let refused = |what: String| Failure::new(ErrorCode::InvalidRequest, what);
            let request = encoding.decode(bytes);
            let request = request.map_err(|error| refused(error.to_string()))?;
            mapping::map(request, sender, now).map_err(|error| refused(error.to_string()))
        });
        let Mapped {
            reports,
            scores,
            spans,
        } = mapped.await?;
        if !reports.is_empty() {
            self.recorder.record(actor.project, reports).await?;
        }
        metrics::counter!(SPANS_TOTAL).increment(spans);
        let refused = self.record_scores(actor.project, scores).await?;
        let partial_success = refused.map(|error_message| PartialSuccess {
            rejected_spans: 0,
            error_message,
        });
        Ok(TraceResponse { partial_success })
    }

    /// Why scores were refused that came with spans; a warning, since the spans were taken.
    async fn record_scores(
        &self,
        project: ProjectId,
        scores: Vec<SpanScore>,
    ) -> Result<Option<String>, Failure> {
        if scores.is_empty() {
            return Ok(None);
        }
        let reports = scores.into_iter().map(ScoreReport::from).collect();
        let outcomes = self.scores.record(project, reports).await?;
        let refused: Vec<String> = outcomes
            .into_iter()
            .filter_map(|outcome| Some(format!("a score was refused: {}", outcome.err()?)))
            .collect();
        Ok((!refused.is_empty()).then(|| refused.join("; ")))
    }
}

impl From<SpanScore> for ScoreReport {
    fn from(score: SpanScore) -> Self {
        let SpanScore {
            id,
            trace,
            observation,
            name,
            value,
            comment,
            at,
        } = score;
        Self {
            id: Some(id),
            subject: ScoreSubject {
                trace: Some(trace),
                observation: Some(observation),
                ..ScoreSubject::default()
            },
            name,
            value: match value {
                ScoredAs::Number(number) => ReportedValue::Number(number),
                ScoredAs::Label(label) => ReportedValue::Text(label),
            },
            data_type: None,
            config_id: None,
            source: ScoreSource::Eval,
            comment,
            metadata: None,
            environment: None,
            queue_id: None,
            author_user_id: None,
            scored_at: Some(at),
        }
    }
}
