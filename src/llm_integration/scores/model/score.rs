//! A score, once its report was found to be right.

use std::str::FromStr;

use crate::{
    kernel::Timestamp,
    llm_integration::{JsonText, ObservationId, TraceId, traces::named},
};

named! {
    /// What kind of value a score has.
    DataType {
        Numeric = "NUMERIC", Categorical = "CATEGORICAL", Boolean = "BOOLEAN", Text = "TEXT",
        Correction = "CORRECTION",
    }
}

named! {
    /// Who gave a score.
    ScoreSource { Api = "API", Eval = "EVAL", Annotation = "ANNOTATION" }
}

/// A value of one of the five types.
#[derive(Clone, Debug, PartialEq)]
pub enum ScoreValue {
    /// Finite.
    Numeric(f64),
    /// A label, and the number that the score's config gives it; 0 without a config.
    Categorical {
        label: String,
        number: f64,
    },
    Boolean(bool),
    Text(String),
    /// What the output should have been.
    Correction(String),
}

impl ScoreValue {
    pub const fn data_type(&self) -> DataType {
        match self {
            Self::Numeric(_) => DataType::Numeric,
            Self::Categorical { .. } => DataType::Categorical,
            Self::Boolean(_) => DataType::Boolean,
            Self::Text(_) => DataType::Text,
            Self::Correction(_) => DataType::Correction,
        }
    }

    /// The value as a number: 0 or 1 of a boolean; a text has none.
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Numeric(number) | Self::Categorical { number, .. } => Some(*number),
            Self::Boolean(true) => Some(1.0),
            Self::Boolean(false) | Self::Correction(_) => Some(0.0),
            Self::Text(_) => None,
        }
    }

    /// The value as a text: `True` or `False` of a boolean; a number has none.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Numeric(_) => None,
            Self::Boolean(true) => Some("True"),
            Self::Boolean(false) => Some("False"),
            Self::Categorical { label, .. } => Some(label),
            Self::Text(text) | Self::Correction(text) => Some(text),
        }
    }

    /// What was stored; `None` when the parts do not belong together.
    pub(in crate::llm_integration::scores) fn stored(
        data_type: &str,
        number: Option<f64>,
        text: Option<String>,
    ) -> Option<Self> {
        Some(match data_type.parse().ok()? {
            DataType::Numeric => Self::Numeric(number?),
            DataType::Categorical => Self::Categorical {
                label: text?,
                number: number.unwrap_or_default(),
            },
            DataType::Boolean => Self::Boolean(number? != 0.0),
            DataType::Text => Self::Text(text?),
            DataType::Correction => Self::Correction(text?),
        })
    }
}

/// What a score is about. At least one is given, and an observation only with its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScoreSubject {
    pub trace: Option<TraceId>,
    pub observation: Option<ObservationId>,
    pub session: Option<String>,
    pub dataset_run: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub id: String,
    pub subject: ScoreSubject,
    pub name: String,
    pub value: ScoreValue,
    pub source: ScoreSource,
    pub comment: Option<String>,
    pub metadata: JsonText,
    pub environment: String,
    pub config_id: Option<String>,
    /// The annotation queue in which it was given.
    pub queue_id: Option<String>,
    pub author_user_id: Option<String>,
    pub scored_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
