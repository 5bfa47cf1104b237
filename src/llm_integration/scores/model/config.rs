//! Score configs: which values a score of a name may have.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DataType, ReportedValue, ScoreValue};
use crate::{kernel::Timestamp, llm_integration::LlmError};

const MAX_NAME_CHARS: usize = 35;
const MAX_CATEGORIES: usize = 200;
const MAX_LABEL_CHARS: usize = 200;
const MAX_DESCRIPTION_CHARS: usize = 5_000;
/// The texts of a score of type TEXT.
const MAX_TEXT_CHARS: usize = 500;
/// What an output should have been.
const MAX_CORRECTION_BYTES: usize = 1024 * 1024;

/// One of the labels of a categorical config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Category {
    pub value: f64,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ScoreConfig {
    pub id: String,
    pub name: String,
    pub data_type: DataType,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    pub categories: Option<Vec<Category>>,
    pub description: Option<String>,
    pub is_archived: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a caller wants to create.
#[derive(Clone, Debug)]
pub struct NewScoreConfig {
    pub name: String,
    pub data_type: DataType,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    pub categories: Option<Vec<Category>>,
    pub description: Option<String>,
}

/// What a caller wants to change; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ScoreConfigChange {
    pub is_archived: Option<bool>,
    pub name: Option<String>,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    pub categories: Option<Vec<Category>>,
    pub description: Option<String>,
}

fn invalid(what: impl Into<String>) -> LlmError {
    LlmError::InvalidRequest { what: what.into() }
}

impl ScoreConfig {
    /// # Errors
    /// [`LlmError::InvalidRequest`] naming what is wrong.
    pub fn create(new: NewScoreConfig, id: String, now: Timestamp) -> Result<Self, LlmError> {
        let NewScoreConfig {
            name,
            data_type,
            min_value,
            max_value,
            categories,
            description,
        } = new;
        if data_type == DataType::Correction {
            return Err(invalid(
                "`dataType` of a config is NUMERIC, CATEGORICAL, BOOLEAN or TEXT",
            ));
        }
        let categories = match (data_type, categories) {
            (DataType::Boolean, None) => Some(boolean_categories()),
            (DataType::Boolean, Some(_)) => {
                return Err(invalid("`categories` of a BOOLEAN config are made for it"));
            }
            (_, categories) => categories,
        };
        let config = Self {
            id,
            name,
            data_type,
            min_value,
            max_value,
            categories,
            description,
            is_archived: false,
            created_at: now,
            updated_at: now,
        };
        config.checked()
    }

    /// # Errors
    /// [`LlmError::InvalidRequest`] naming what is wrong.
    pub fn change(self, change: ScoreConfigChange, now: Timestamp) -> Result<Self, LlmError> {
        let ScoreConfigChange {
            is_archived,
            name,
            min_value,
            max_value,
            categories,
            description,
        } = change;
        if categories.is_some() && self.data_type == DataType::Boolean {
            return Err(invalid("`categories` of a BOOLEAN config are made for it"));
        }
        let changed = Self {
            is_archived: is_archived.unwrap_or(self.is_archived),
            name: name.unwrap_or(self.name),
            min_value: min_value.or(self.min_value),
            max_value: max_value.or(self.max_value),
            categories: categories.or(self.categories),
            description: description.or(self.description),
            updated_at: now,
            ..self
        };
        changed.checked()
    }

    fn checked(self) -> Result<Self, LlmError> {
        let allowed = |c: char| c.is_alphanumeric() || "_ .()-".contains(c);
        let chars = self.name.chars().count();
        if !(1..=MAX_NAME_CHARS).contains(&chars) || !self.name.chars().all(allowed) {
            return Err(invalid(format!(
                "`name` is not valid: 1 to {MAX_NAME_CHARS} letters, digits, underscores, spaces, periods, parentheses and hyphens"
            )));
        }
        if let (Some(min), Some(max)) = (self.min_value, self.max_value)
            && min >= max
        {
            return Err(invalid("`maxValue` must be greater than `minValue`"));
        }
        if self.data_type != DataType::Numeric
            && (self.min_value.is_some() || self.max_value.is_some())
        {
            return Err(invalid(
                "`minValue` and `maxValue` are for NUMERIC configs only",
            ));
        }
        let long = |text: &String| text.chars().count() > MAX_DESCRIPTION_CHARS;
        if self.description.as_ref().is_some_and(long) {
            return Err(invalid(format!(
                "`description` is longer than {MAX_DESCRIPTION_CHARS} characters"
            )));
        }
        self.check_categories()?;
        Ok(self)
    }

    fn check_categories(&self) -> Result<(), LlmError> {
        let categories = self.categories.as_deref().unwrap_or_default();
        match self.data_type {
            DataType::Categorical if categories.is_empty() => {
                return Err(invalid(
                    "`categories` of a CATEGORICAL config can not be empty",
                ));
            }
            DataType::Categorical | DataType::Boolean => {}
            _ if self.categories.is_some() => {
                return Err(invalid("`categories` are for CATEGORICAL configs only"));
            }
            _ => {}
        }
        if categories.len() > MAX_CATEGORIES {
            return Err(invalid(format!("more than {MAX_CATEGORIES} `categories`")));
        }
        for (at, category) in categories.iter().enumerate() {
            let chars = category.label.chars().count();
            if !(1..=MAX_LABEL_CHARS).contains(&chars) || !category.value.is_finite() {
                return Err(invalid(format!(
                    "a category has a label of 1 to {MAX_LABEL_CHARS} characters and a finite value"
                )));
            }
            let same = |other: &Category| {
                other.label == category.label || other.value.total_cmp(&category.value).is_eq()
            };
            if categories[..at].iter().any(same) {
                return Err(invalid(
                    "labels and values of `categories` must be different from each other",
                ));
            }
        }
        Ok(())
    }

    /// The value, if this config allows it for a score of this name.
    pub(super) fn allow(
        &self,
        name: &str,
        data_type: Option<DataType>,
        value: ReportedValue,
    ) -> Result<ScoreValue, LlmError> {
        if self.is_archived {
            return Err(invalid(format!(
                "the score config `{}` is archived",
                self.id
            )));
        }
        if self.name != name {
            return Err(invalid(format!(
                "`name` is `{name}`; the score's config is for `{}`",
                self.name
            )));
        }
        if let Some(given) = data_type.filter(|given| *given != self.data_type) {
            return Err(invalid(format!(
                "`dataType` is {}; the score's config says {}",
                given.name(),
                self.data_type.name()
            )));
        }
        let value = value_of(self.data_type, value)?;
        match &value {
            ScoreValue::Numeric(number) => {
                let below = self.min_value.is_some_and(|min| *number < min);
                let above = self.max_value.is_some_and(|max| *number > max);
                if below || above {
                    return Err(invalid(format!(
                        "`value` is {number}, outside the range of the score's config"
                    )));
                }
                Ok(value)
            }
            ScoreValue::Categorical { label, .. } => {
                let categories = self.categories.as_deref().unwrap_or_default();
                let Some(found) = categories.iter().find(|known| known.label == *label) else {
                    let known: Vec<_> = categories.iter().map(|c| c.label.as_str()).collect();
                    return Err(invalid(format!(
                        "`value` is `{label}`; the score's config knows {}",
                        known.join(", ")
                    )));
                };
                Ok(ScoreValue::Categorical {
                    label: found.label.clone(),
                    number: found.value,
                })
            }
            ScoreValue::Boolean(_) | ScoreValue::Text(_) | ScoreValue::Correction(_) => Ok(value),
        }
    }
}

fn boolean_categories() -> Vec<Category> {
    [(1.0, "True"), (0.0, "False")]
        .map(|(value, label)| Category {
            value,
            label: label.to_owned(),
        })
        .to_vec()
}

/// The value as one of this type.
pub(super) fn value_of(data_type: DataType, value: ReportedValue) -> Result<ScoreValue, LlmError> {
    use ReportedValue as V;
    Ok(match (data_type, value) {
        (DataType::Numeric, V::Number(number)) if number.is_finite() => ScoreValue::Numeric(number),
        (DataType::Categorical, V::Text(label)) if !label.is_empty() => {
            let number = 0.0;
            ScoreValue::Categorical { label, number }
        }
        (DataType::Boolean, V::Boolean(value)) => ScoreValue::Boolean(value),
        (DataType::Boolean, V::Number(number)) if number.total_cmp(&0.0).is_eq() => {
            ScoreValue::Boolean(false)
        }
        (DataType::Boolean, V::Number(number)) if number.total_cmp(&1.0).is_eq() => {
            ScoreValue::Boolean(true)
        }
        (DataType::Text, V::Text(text)) if (1..=MAX_TEXT_CHARS).contains(&text.chars().count()) => {
            ScoreValue::Text(text)
        }
        (DataType::Correction, V::Text(text)) if text.len() <= MAX_CORRECTION_BYTES => {
            ScoreValue::Correction(text)
        }
        (data_type, _) => {
            let takes = match data_type {
                DataType::Numeric => "a finite number".to_owned(),
                DataType::Categorical => "a text that is not empty".to_owned(),
                DataType::Boolean => "0 or 1".to_owned(),
                DataType::Text => format!("a text of 1 to {MAX_TEXT_CHARS} characters"),
                DataType::Correction => format!("a text of at most {MAX_CORRECTION_BYTES} bytes"),
            };
            return Err(invalid(format!(
                "`value` of a {} score is {takes}",
                data_type.name()
            )));
        }
    })
}
