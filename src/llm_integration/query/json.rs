//! Langfuse's filter JSON: `[{"type", "column", "operator", "value", "key"}]`.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{ArrayTest, Column, ColumnKind, Compare, Condition, Filter, KeyTest, Test, TextTest};
use crate::llm_integration::LlmError;

/// Conditions of one filter.
const MAX_CONDITIONS: usize = 50;
/// Values of one condition.
const MAX_VALUES: usize = 500;

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    column: String,
    operator: String,
    #[serde(default)]
    value: Value,
    key: Option<String>,
}

fn invalid(what: impl Into<String>) -> LlmError {
    LlmError::InvalidRequest { what: what.into() }
}

impl<C: Column> Filter<C> {
    /// # Errors
    /// [`LlmError::InvalidRequest`], naming the condition and what would be right.
    pub fn from_json(text: &str) -> Result<Self, LlmError> {
        let entries: Value = serde_json::from_str(text)
            .map_err(|error| invalid(format!("`filter` is not JSON: {error}")))?;
        Self::from_value(entries)
    }

    /// # Errors
    /// [`LlmError::InvalidRequest`], naming the condition and what would be right.
    pub fn from_value(entries: Value) -> Result<Self, LlmError> {
        let entries: Vec<Entry> = serde_json::from_value(entries).map_err(|error| {
            invalid(format!(
                "`filter` is not a list of {{\"type\", \"column\", \"operator\", \"value\"}}: {error}"
            ))
        })?;
        if entries.len() > MAX_CONDITIONS {
            return Err(invalid(format!(
                "`filter` has more than {MAX_CONDITIONS} conditions"
            )));
        }
        let mut filter = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            let condition =
                condition(entry).map_err(|why| invalid(format!("`filter[{at}]`: {why}")))?;
            filter.push(condition);
        }
        Ok(filter)
    }
}

fn condition<C: Column>(entry: &Entry) -> Result<Condition<C>, String> {
    let Some(column) = C::parse(&entry.column) else {
        let known: Vec<_> = C::NAMES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "the column `{}` is not one of {}",
            entry.column,
            known.join(", ")
        ));
    };
    let test = test(entry, column.kind())?;
    if takes(column.kind(), &test) {
        return Ok(Condition { column, test });
    }
    Err(format!(
        "a condition of type `{}` does not fit the column `{}`",
        entry.kind, entry.column
    ))
}

const fn takes(kind: ColumnKind, test: &Test) -> bool {
    match test {
        Test::Null(_) => true,
        Test::Text(..) | Test::AnyOf(_) | Test::NoneOf(_) => matches!(kind, ColumnKind::Text),
        Test::Number(..) | Test::NumberIn(_) => matches!(kind, ColumnKind::Number),
        Test::Time(..) => matches!(kind, ColumnKind::Time),
        Test::Array(..) => matches!(kind, ColumnKind::Array),
        Test::Key(..) => matches!(kind, ColumnKind::Object),
        Test::Is(_) => matches!(kind, ColumnKind::Boolean),
    }
}

fn test(entry: &Entry, kind: ColumnKind) -> Result<Test, String> {
    let Entry {
        operator, value, ..
    } = entry;
    Ok(match entry.kind.as_str() {
        "string" if kind == ColumnKind::Array => {
            // A text against a list of texts: the list must have it.
            let test = match operator.as_str() {
                "=" | "contains" => ArrayTest::Any,
                "does not contain" => ArrayTest::No,
                _ => return Err(operators(operator, "=, contains, does not contain")),
            };
            Test::Array(test, vec![text(value)?])
        }
        "string" => Test::Text(text_test(operator)?, text(value)?),
        "number" => Test::Number(compare(operator)?, number(value)?),
        "datetime" => Test::Time(compare(operator)?, time(value)?),
        "stringOptions" if kind != ColumnKind::Array => match operator.as_str() {
            "any of" => Test::AnyOf(texts(value)?),
            "none of" => Test::NoneOf(texts(value)?),
            _ => return Err(operators(operator, "any of, none of")),
        },
        "arrayOptions" | "stringOptions" => {
            let test = match operator.as_str() {
                "any of" => ArrayTest::Any,
                "none of" => ArrayTest::No,
                "all of" => ArrayTest::All,
                _ => return Err(operators(operator, "any of, none of, all of")),
            };
            Test::Array(test, texts(value)?)
        }
        "boolean" => Test::Is(match operator.as_str() {
            "=" => boolean(value)?,
            "<>" => !boolean(value)?,
            _ => return Err(operators(operator, "=, <>")),
        }),
        "null" => Test::Null(match operator.as_str() {
            "is null" => true,
            "is not null" => false,
            _ => return Err(operators(operator, "is null, is not null")),
        }),
        "stringObject" | "numberObject" | "categoryOptions" | "booleanObject" => {
            let key = entry
                .key
                .clone()
                .filter(|key| !key.is_empty() && !key.contains('\0'));
            let key =
                key.ok_or_else(|| format!("a condition of type `{}` needs a `key`", entry.kind))?;
            Test::Key(key, key_test(entry)?)
        }
        other => {
            return Err(format!(
                "the type `{other}` is not one of datetime, string, number, stringOptions, categoryOptions, \
                 arrayOptions, stringObject, numberObject, booleanObject, boolean, null"
            ));
        }
    })
}

fn key_test(entry: &Entry) -> Result<KeyTest, String> {
    let Entry {
        operator, value, ..
    } = entry;
    Ok(match (entry.kind.as_str(), operator.as_str()) {
        ("stringObject", "is set") => KeyTest::Set(true),
        ("stringObject", "is not set") => KeyTest::Set(false),
        ("stringObject", _) => KeyTest::Text(text_test(operator)?, text(value)?),
        ("numberObject", _) => KeyTest::Number(compare(operator)?, number(value)?),
        ("categoryOptions", "any of") => KeyTest::AnyOf(texts(value)?),
        ("categoryOptions", "none of") => KeyTest::NoneOf(texts(value)?),
        ("categoryOptions", _) => return Err(operators(operator, "any of, none of")),
        (_, "=") => KeyTest::Is(boolean(value)?),
        (_, "<>") => KeyTest::IsNot(boolean(value)?),
        _ => return Err(operators(operator, "=, <>")),
    })
}

fn operators(given: &str, known: &str) -> String {
    format!("the operator `{given}` is not one of {known}")
}

fn text_test(operator: &str) -> Result<TextTest, String> {
    Ok(match operator {
        "=" => TextTest::Equals,
        "contains" => TextTest::Contains,
        "does not contain" => TextTest::ContainsNot,
        "starts with" => TextTest::StartsWith,
        "ends with" => TextTest::EndsWith,
        "matches" => TextTest::Matches,
        _ => {
            let known = "=, contains, does not contain, starts with, ends with, matches";
            return Err(operators(operator, known));
        }
    })
}

fn compare(operator: &str) -> Result<Compare, String> {
    Ok(match operator {
        "=" => Compare::Equal,
        ">" => Compare::Greater,
        "<" => Compare::Less,
        ">=" => Compare::AtLeast,
        "<=" => Compare::AtMost,
        _ => return Err(operators(operator, "=, >, <, >=, <=")),
    })
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.contains('\0') => Ok(text.clone()),
        Value::String(_) => Err("`value` has a NUL character, which no stored text has".to_owned()),
        _ => Err("`value` must be a text".to_owned()),
    }
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    let Value::Array(values) = value else {
        return Err("`value` must be a list of texts".to_owned());
    };
    if values.is_empty() || values.len() > MAX_VALUES {
        return Err(format!("`value` must have 1 to {MAX_VALUES} texts"));
    }
    values.iter().map(text).collect()
}

fn number(value: &Value) -> Result<f64, String> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| "`value` must be a finite number".to_owned())
}

fn boolean(value: &Value) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| "`value` must be true or false".to_owned())
}

fn time(value: &Value) -> Result<crate::kernel::Timestamp, String> {
    let time = value
        .as_str()
        .and_then(|text| text.parse::<DateTime<Utc>>().ok());
    time.map(Into::into)
        .ok_or_else(|| "`value` must be an ISO 8601 time with a zone".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::llm_integration::query::{ObservationColumn, TraceColumn};

    #[test]
    fn each_type_becomes_a_test_of_its_column() {
        let filter = Filter::<TraceColumn>::from_value(json!([
            { "type": "string", "column": "userId", "operator": "=", "value": "u" },
            { "type": "stringOptions", "column": "name", "operator": "none of", "value": ["a", "b"] },
            { "type": "arrayOptions", "column": "tags", "operator": "all of", "value": ["t"] },
            { "type": "stringObject", "column": "metadata", "key": "tier", "operator": "contains", "value": "x" },
            { "type": "number", "column": "totalCost", "operator": ">=", "value": 0.01 },
            { "type": "boolean", "column": "bookmarked", "operator": "<>", "value": true },
            { "type": "null", "column": "release", "operator": "is null", "value": "" },
        ]));
        let tests: Vec<_> = filter
            .unwrap()
            .conditions()
            .iter()
            .map(|c| c.test.clone())
            .collect();
        assert_eq!(
            tests,
            [
                Test::Text(TextTest::Equals, "u".to_owned()),
                Test::NoneOf(vec!["a".to_owned(), "b".to_owned()]),
                Test::Array(ArrayTest::All, vec!["t".to_owned()]),
                Test::Key(
                    "tier".to_owned(),
                    KeyTest::Text(TextTest::Contains, "x".to_owned())
                ),
                Test::Number(Compare::AtLeast, 0.01),
                Test::Is(false),
                Test::Null(true),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (entry, says) in [
            (
                json!({ "type": "string", "column": "secret", "operator": "=", "value": "x" }),
                "secret",
            ),
            (
                json!({ "type": "strings", "column": "name", "operator": "=", "value": "x" }),
                "strings",
            ),
            (
                json!({ "type": "string", "column": "name", "operator": "like", "value": "x" }),
                "like",
            ),
            (
                json!({ "type": "number", "column": "name", "operator": "=", "value": 1 }),
                "does not fit",
            ),
            (
                json!({ "type": "datetime", "column": "startTime", "operator": ">", "value": "soon" }),
                "ISO 8601",
            ),
            (
                json!({ "type": "stringObject", "column": "metadata", "operator": "=", "value": "x" }),
                "key",
            ),
            (
                json!({ "type": "string", "column": "name", "operator": "=", "value": "a\u{0}" }),
                "NUL",
            ),
            (json!({ "column": "name" }), "filter"),
        ] {
            let refused = Filter::<ObservationColumn>::from_value(json!([entry])).unwrap_err();
            assert!(refused.to_string().contains(says), "{refused}");
        }
    }
}
