//! The check that a text is JSON of a schema.

use serde_json::Value;

/// The largest schema, in bytes of its JSON.
const MAX_SCHEMA_BYTES: usize = 100_000;

#[derive(Debug)]
pub(super) struct Schema(jsonschema::Validator);

impl Schema {
    /// # Errors
    /// Says what is wrong with the schema.
    pub fn new(schema: &Value) -> Result<Self, String> {
        let bytes = schema.to_string().len();
        if bytes > MAX_SCHEMA_BYTES {
            return Err(format!(
                "`schema` has {bytes} bytes; it can have {MAX_SCHEMA_BYTES}"
            ));
        }
        let validator = jsonschema::validator_for(schema)
            .map_err(|error| format!("`schema` is no JSON schema: {error}"))?;
        Ok(Self(validator))
    }

    /// Where the text departs from the schema; the text itself is not repeated.
    pub fn complaint(&self, text: &str) -> Option<String> {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            return Some("it is not JSON".to_owned());
        };
        let error = self.0.iter_errors(&value).next()?;
        let place = error.instance_path().to_string();
        let rule = error.schema_path().to_string();
        let place = if place.is_empty() {
            "the whole"
        } else {
            &place
        };
        Some(format!("{place} does not follow `{rule}` of the schema"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_json_of_the_schema_or_it_is_said_where_not() {
        let schema = json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "integer" } } });
        let schema = Schema::new(&schema).unwrap();
        assert_eq!(schema.complaint(r#"{"a": 1}"#), None);
        assert_eq!(schema.complaint("hello").as_deref(), Some("it is not JSON"));
        let complaint = schema.complaint(r#"{"a": "secret"}"#).unwrap();
        assert!(
            complaint.contains("/a") && !complaint.contains("secret"),
            "{complaint}"
        );
        assert!(Schema::new(&json!({ "type": 1 })).is_err());
    }
}
