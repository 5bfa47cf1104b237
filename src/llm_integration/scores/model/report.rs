//! What somebody says a score is, and the rules by which it becomes one.

use super::{DataType, Score, ScoreConfig, ScoreSource, ScoreSubject, ScoreValue, config};
use crate::{
    kernel::Timestamp,
    llm_integration::{DEFAULT_ENVIRONMENT, JsonText, LlmError},
};

const MAX_ID_CHARS: usize = 200;
const MAX_NAME_CHARS: usize = 255;
const MAX_COMMENT_BYTES: usize = 64 * 1024;
const MAX_METADATA_BYTES: usize = 64 * 1024;
const MAX_ENVIRONMENT_CHARS: usize = 40;
/// What a correction is always called.
const CORRECTION_NAME: &str = "output";

/// The value as it stands in the report.
#[derive(Clone, Debug, PartialEq)]
pub enum ReportedValue {
    Number(f64),
    Boolean(bool),
    Text(String),
}

/// A score as it is reported. One with the id of an earlier one replaces it.
#[derive(Clone, Debug)]
pub struct ScoreReport {
    /// A new one when absent.
    pub id: Option<String>,
    pub subject: ScoreSubject,
    pub name: String,
    pub value: ReportedValue,
    /// When absent: that of the config, otherwise what fits the value.
    pub data_type: Option<DataType>,
    pub config_id: Option<String>,
    pub source: ScoreSource,
    pub comment: Option<String>,
    pub metadata: Option<JsonText>,
    pub environment: Option<String>,
    pub queue_id: Option<String>,
    pub author_user_id: Option<String>,
    /// Now when absent.
    pub scored_at: Option<Timestamp>,
}

fn invalid(what: impl Into<String>) -> LlmError {
    LlmError::InvalidRequest { what: what.into() }
}

impl ScoreReport {
    /// The score, if everything about it is right. `config` is the one that the report names.
    pub(in crate::llm_integration::scores) fn accept(
        self,
        config: Option<&ScoreConfig>,
        new_id: impl FnOnce() -> String,
        now: Timestamp,
    ) -> Result<Score, LlmError> {
        let value = self.accepted_value(config)?;
        let Self {
            id,
            subject,
            name,
            value: _,
            data_type: _,
            config_id,
            source,
            comment,
            metadata,
            environment,
            queue_id,
            author_user_id,
            scored_at,
        } = self;
        check_subject(&subject)?;
        let name = match value {
            ScoreValue::Correction(_) => CORRECTION_NAME.to_owned(),
            _ => text("name", name, MAX_NAME_CHARS)?,
        };
        if comment
            .as_ref()
            .is_some_and(|c| c.len() > MAX_COMMENT_BYTES)
        {
            return Err(invalid(format!(
                "`comment` is longer than {MAX_COMMENT_BYTES} bytes"
            )));
        }
        let is_long = |metadata: &JsonText| metadata.len() > MAX_METADATA_BYTES;
        if metadata.as_ref().is_some_and(is_long) {
            return Err(invalid(format!(
                "`metadata` is longer than {MAX_METADATA_BYTES} bytes"
            )));
        }
        Ok(Score {
            id: match id {
                Some(id) => text("id", id, MAX_ID_CHARS)?,
                None => new_id(),
            },
            subject,
            name,
            value,
            source,
            comment: comment.map(without_nul),
            metadata: metadata.unwrap_or_else(|| JsonText::of(&serde_json::json!({}))),
            environment: accepted_environment(environment)?,
            config_id,
            queue_id: queue_id
                .map(|id| text("queueId", id, MAX_ID_CHARS))
                .transpose()?,
            author_user_id: author_user_id
                .map(|id| text("authorUserId", id, MAX_ID_CHARS))
                .transpose()?,
            scored_at: scored_at.unwrap_or(now),
            created_at: now,
            updated_at: now,
        })
    }

    fn accepted_value(&self, config: Option<&ScoreConfig>) -> Result<ScoreValue, LlmError> {
        let value = match self.value.clone() {
            ReportedValue::Text(text) => ReportedValue::Text(without_nul(text)),
            other => other,
        };
        if let Some(config) = config {
            return config.allow(&self.name, self.data_type, value);
        }
        let data_type = self.data_type.unwrap_or(match value {
            ReportedValue::Number(_) => DataType::Numeric,
            ReportedValue::Boolean(_) => DataType::Boolean,
            ReportedValue::Text(_) => DataType::Categorical,
        });
        if self.source == ScoreSource::Annotation && data_type != DataType::Correction {
            return Err(invalid(
                "`configId` is missing: a score of source ANNOTATION needs one, unless it is a CORRECTION",
            ));
        }
        config::value_of(data_type, value)
    }
}

fn check_subject(subject: &ScoreSubject) -> Result<(), LlmError> {
    let ScoreSubject {
        trace,
        observation,
        session,
        dataset_run,
    } = subject;
    if observation.is_some() && trace.is_none() {
        return Err(invalid("`observationId` is given without its `traceId`"));
    }
    if trace.is_none() && session.is_none() && dataset_run.is_none() {
        return Err(invalid(
            "a score is about something: give `traceId`, `sessionId` or `datasetRunId`",
        ));
    }
    for (field, id) in [("sessionId", session), ("datasetRunId", dataset_run)] {
        if let Some(id) = id {
            text(field, id.clone(), MAX_ID_CHARS)?;
        }
    }
    Ok(())
}

/// A text of 1 to `most` characters that PostgreSQL can hold.
fn text(field: &str, text: String, most: usize) -> Result<String, LlmError> {
    let fits = (1..=most).contains(&text.chars().count()) && !text.contains('\0');
    if fits {
        return Ok(text);
    }
    Err(invalid(format!(
        "`{field}` is not valid: 1 to {most} characters, without NUL"
    )))
}

/// Free text that a person or a model wrote: a NUL in it is no reason to lose it.
fn without_nul(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

fn accepted_environment(environment: Option<String>) -> Result<String, LlmError> {
    let Some(environment) = environment.filter(|name| !name.is_empty()) else {
        return Ok(DEFAULT_ENVIRONMENT.to_owned());
    };
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if environment.chars().all(allowed) && environment.len() <= MAX_ENVIRONMENT_CHARS {
        return Ok(environment);
    }
    Err(invalid(format!(
        "`environment` is not valid: up to {MAX_ENVIRONMENT_CHARS} lower-case letters, digits, hyphens and underscores"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::Clock,
        llm_integration::scores::model::{Category, NewScoreConfig},
    };

    fn report(value: ReportedValue, data_type: Option<DataType>) -> ScoreReport {
        ScoreReport {
            id: Some("s".to_owned()),
            subject: ScoreSubject {
                session: Some("session".to_owned()),
                ..ScoreSubject::default()
            },
            name: "quality".to_owned(),
            value,
            data_type,
            config_id: None,
            source: ScoreSource::Api,
            comment: None,
            metadata: None,
            environment: None,
            queue_id: None,
            author_user_id: None,
            scored_at: None,
        }
    }

    fn accepted(report: ScoreReport, config: Option<&ScoreConfig>) -> Result<ScoreValue, String> {
        let now = Clock::system().now();
        let score = report.accept(config, || "new".to_owned(), now);
        score
            .map(|score| score.value)
            .map_err(|error| error.to_string())
    }

    fn config(
        data_type: DataType,
        range: Option<(f64, f64)>,
        labels: &[(&str, f64)],
    ) -> ScoreConfig {
        let categories = labels.iter().map(|(label, value)| Category {
            label: (*label).to_owned(),
            value: *value,
        });
        let new = NewScoreConfig {
            name: "quality".to_owned(),
            data_type,
            min_value: range.map(|range| range.0),
            max_value: range.map(|range| range.1),
            categories: (!labels.is_empty()).then(|| categories.collect()),
            description: None,
        };
        ScoreConfig::create(new, "c".to_owned(), Clock::system().now()).unwrap()
    }

    #[test]
    fn the_type_follows_from_the_value_unless_it_is_said() {
        let number = || ReportedValue::Number(1.0);
        assert_eq!(
            accepted(report(number(), None), None),
            Ok(ScoreValue::Numeric(1.0))
        );
        let boolean = report(number(), Some(DataType::Boolean));
        assert_eq!(accepted(boolean, None), Ok(ScoreValue::Boolean(true)));
        let label = accepted(report(ReportedValue::Text("good".to_owned()), None), None);
        assert_eq!(label.unwrap().data_type(), DataType::Categorical);
        for (value, data_type) in [
            (ReportedValue::Number(0.5), DataType::Boolean),
            (ReportedValue::Number(f64::NAN), DataType::Numeric),
            (ReportedValue::Number(1.0), DataType::Categorical),
            (ReportedValue::Text(String::new()), DataType::Text),
            (ReportedValue::Text("x".repeat(501)), DataType::Text),
        ] {
            assert!(
                accepted(report(value, Some(data_type)), None).is_err(),
                "{data_type:?}"
            );
        }
    }

    #[test]
    fn a_config_sets_range_labels_and_type() {
        let numeric = config(DataType::Numeric, Some((0.0, 1.0)), &[]);
        let number = |value| report(ReportedValue::Number(value), None);
        assert!(accepted(number(1.0), Some(&numeric)).is_ok());
        assert!(accepted(number(1.1), Some(&numeric)).is_err());
        let labels = config(DataType::Categorical, None, &[("good", 1.0), ("bad", 0.0)]);
        let label = |text: &str| report(ReportedValue::Text(text.to_owned()), None);
        assert_eq!(
            accepted(label("good"), Some(&labels)).unwrap().number(),
            Some(1.0)
        );
        assert!(
            accepted(label("fine"), Some(&labels))
                .unwrap_err()
                .contains("good, bad")
        );
        let mut other_name = label("good");
        other_name.name = "other".to_owned();
        assert!(accepted(other_name, Some(&labels)).is_err());
    }

    #[test]
    fn a_score_is_about_something() {
        let mut nothing = report(ReportedValue::Number(1.0), None);
        nothing.subject = ScoreSubject::default();
        assert!(accepted(nothing, None).unwrap_err().contains("traceId"));
    }

    #[test]
    fn a_correction_is_called_output() {
        let correction = report(
            ReportedValue::Text("better".to_owned()),
            Some(DataType::Correction),
        );
        let now = Clock::system().now();
        let score = correction.accept(None, || "new".to_owned(), now).unwrap();
        assert_eq!(score.name, "output");
    }
}
