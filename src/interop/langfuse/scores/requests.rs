//! What Langfuse's SDKs send.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

use crate::{
    interop::langfuse::query::invalid,
    kernel::{ErrorCode, Failure},
    llm_integration::{JsonText, ReportedValue, ScoreReport, ScoreSource, ScoreSubject},
};

/// The largest list of scores, in bytes: what Langfuse takes, and its SDKs cut their lists to.
const MAX_LIST_BYTES: usize = 1024 * 1024;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LangfuseScore {
    /// One that was used before replaces that score.
    id: Option<String>,
    trace_id: Option<String>,
    session_id: Option<String>,
    observation_id: Option<String>,
    dataset_run_id: Option<String>,
    name: Option<String>,
    /// A number, or a text for CATEGORICAL, TEXT and CORRECTION.
    value: Value,
    comment: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    environment: Option<String>,
    queue_id: Option<String>,
    /// NUMERIC, CATEGORICAL, BOOLEAN, TEXT or CORRECTION.
    data_type: Option<String>,
    config_id: Option<String>,
    /// API or ANNOTATION.
    source: Option<String>,
    timestamp: Option<DateTime<Utc>>,
}

/// One score, or a list whose items stand for themselves.
pub enum Sent {
    One(Box<ScoreReport>),
    Many(Vec<Result<ScoreReport, Failure>>),
}

impl Sent {
    /// # Errors
    /// When one score, or the list itself, can not be read.
    pub fn parse(body: &RawValue) -> Result<Self, Failure> {
        if !body.get().starts_with('[') {
            return Ok(Self::One(Box::new(parse_one(body)?)));
        }
        if body.get().len() > MAX_LIST_BYTES {
            return Err(Failure::new(
                ErrorCode::PayloadTooLarge,
                format!("a list of scores has at most {MAX_LIST_BYTES} bytes"),
            ));
        }
        let items: Vec<&RawValue> = serde_json::from_str(body.get())
            .map_err(|error| invalid("scores", error.to_string()))?;
        Ok(Self::Many(items.into_iter().map(parse_one).collect()))
    }
}

/// # Errors
/// `invalid_request`, naming the field and what it takes.
pub fn parse_one(body: &RawValue) -> Result<ScoreReport, Failure> {
    let score: LangfuseScore =
        serde_json::from_str(body.get()).map_err(|error| invalid("score", error.to_string()))?;
    score.parse()
}

impl LangfuseScore {
    fn parse(self) -> Result<ScoreReport, Failure> {
        let Self {
            id,
            trace_id,
            session_id,
            observation_id,
            dataset_run_id,
            name,
            value,
            comment,
            metadata,
            environment,
            queue_id,
            data_type,
            config_id,
            source,
            timestamp,
        } = self;
        let source = match source.as_deref() {
            None => ScoreSource::Api,
            Some(name) => name.parse().map_err(|known| invalid("source", known))?,
        };
        if source == ScoreSource::Eval {
            return Err(invalid(
                "source",
                "API or ANNOTATION; EVAL is for evaluators",
            ));
        }
        let filled = |id: Option<String>| id.filter(|id| !id.is_empty());
        let trace_id = filled(trace_id).map(|id| id.parse()).transpose();
        let observation_id = filled(observation_id).map(|id| id.parse()).transpose();
        Ok(ScoreReport {
            id: filled(id),
            subject: ScoreSubject {
                trace: trace_id.map_err(|why| invalid("traceId", why))?,
                observation: observation_id.map_err(|why| invalid("observationId", why))?,
                session: filled(session_id),
                dataset_run: filled(dataset_run_id),
            },
            name: name.unwrap_or_default(),
            value: reported(value)?,
            data_type: data_type
                .map(|name| name.parse())
                .transpose()
                .map_err(|known| invalid("dataType", known))?,
            config_id: filled(config_id),
            source,
            comment,
            metadata: metadata
                .filter(|metadata| metadata.get() != "null")
                .map(|metadata| JsonText::capture(&metadata, usize::MAX)),
            environment,
            queue_id: filled(queue_id),
            author_user_id: None,
            scored_at: timestamp.map(Into::into),
        })
    }
}

fn reported(value: Value) -> Result<ReportedValue, Failure> {
    match value {
        Value::Number(number) => number
            .as_f64()
            .map(ReportedValue::Number)
            .ok_or_else(|| invalid("value", "a finite number")),
        Value::Bool(value) => Ok(ReportedValue::Boolean(value)),
        Value::String(text) => Ok(ReportedValue::Text(text)),
        _ => Err(invalid("value", "a number or a text")),
    }
}
