//! Changes a request's bytes in the few places that must be changed, and nowhere else.

use std::ops::Range;

use bytes::Bytes;
use serde_json::{Map, Value, value::RawValue};

use super::{
    fields::{body_fields, place},
    read::STREAM_OPTIONS,
};
use crate::llm_integration::LlmError;

const INCLUDE_USAGE: &str = "include_usage";

/// A body for one provider.
#[derive(Clone, Debug)]
pub(in super::super) struct Edited {
    pub body: Bytes,
    /// Whether usage was asked for by us alone, so that the caller does not expect it.
    pub hide_usage: bool,
}

/// Names the model `model`, adds `params` where the caller set none, and asks for the usage of a
/// stream where `with_usage`. What is as it should be stays byte for byte.
pub(in super::super) fn edited(
    body: &Bytes,
    model: Option<&str>,
    params: &Map<String, Value>,
    with_usage: bool,
) -> Result<Edited, LlmError> {
    if model.is_none() && params.is_empty() && !with_usage {
        return Ok(Edited {
            body: body.clone(),
            hide_usage: false,
        });
    }
    let fields = body_fields(body)?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut added = String::new();
    if let (Some(model), Some(raw)) = (model, fields.get("model")) {
        edits.push((place(body, raw), Value::from(model).to_string()));
    }
    for (name, value) in params {
        if !fields.contains_key(name.as_str()) {
            let param = format!("{}:{value},", Value::from(name.as_str()));
            added.push_str(&param);
        }
    }
    let options = with_usage.then(|| usage_asked(fields.get(STREAM_OPTIONS).copied()));
    let hide_usage = match options.flatten() {
        Some(Asked::Added) => {
            let options = format!(r#""{STREAM_OPTIONS}":{{"{INCLUDE_USAGE}":true}},"#);
            added.push_str(&options);
            true
        }
        Some(Asked::Changed(text)) => {
            edits.extend(
                fields
                    .get(STREAM_OPTIONS)
                    .map(|raw| (place(body, raw), text)),
            );
            true
        }
        None => false,
    };
    let brace = body.iter().position(|byte| *byte == b'{').unwrap_or(0) + 1;
    if !added.is_empty() {
        edits.push((brace..brace, added));
    }
    Ok(Edited {
        body: apply(body, edits),
        hide_usage,
    })
}

/// How `stream_options` come to ask for the usage.
enum Asked {
    Added,
    Changed(String),
}

/// `None` when they do already, or are the provider's to refuse.
fn usage_asked(options: Option<&RawValue>) -> Option<Asked> {
    let Some(options) = options else {
        return Some(Asked::Added);
    };
    let mut value: Value = serde_json::from_str(options.get()).ok()?;
    if value.is_null() {
        value = Value::Object(Map::new());
    }
    let object = value.as_object_mut()?;
    if object.insert(INCLUDE_USAGE.to_owned(), true.into()) == Some(true.into()) {
        return None;
    }
    Some(Asked::Changed(value.to_string()))
}

fn apply(body: &[u8], mut edits: Vec<(Range<usize>, String)>) -> Bytes {
    edits.sort_by_key(|(place, _)| place.start);
    let more: usize = edits.iter().map(|(_, text)| text.len()).sum();
    let mut changed = Vec::with_capacity(body.len() + more);
    let mut at = 0;
    for (place, text) in edits {
        changed.extend_from_slice(&body[at..place.start]);
        changed.extend_from_slice(text.as_bytes());
        at = place.end;
    }
    changed.extend_from_slice(&body[at..]);
    changed.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edit(body: &str, model: Option<&str>, params: &Value, with_usage: bool) -> (String, bool) {
        let params = params.as_object().cloned().unwrap_or_default();
        let body = Bytes::copy_from_slice(body.as_bytes());
        let edited = edited(&body, model, &params, with_usage).unwrap();
        (
            String::from_utf8(edited.body.to_vec()).unwrap(),
            edited.hide_usage,
        )
    }

    #[test]
    fn nothing_to_change_changes_nothing() {
        let body = "{ \"model\" : \"m\", \"x\": 1.50 }";
        assert_eq!(
            edit(body, None, &Value::Null, false),
            (body.to_owned(), false)
        );
        let asks = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#;
        assert_eq!(
            edit(asks, None, &Value::Null, true),
            (asks.to_owned(), false)
        );
    }

    #[test]
    fn only_what_must_change_is_changed() {
        let (body, hide) = edit(
            r#" {"stream":true,"model":"a\u0062", "x":1.50}"#,
            Some("p/\"q\""),
            &json!({ "temperature": 0.5, "x": 2 }),
            true,
        );
        assert_eq!(
            body,
            r#" {"temperature":0.5,"stream_options":{"include_usage":true},"stream":true,"model":"p/\"q\"", "x":1.50}"#
        );
        assert!(hide);
    }

    #[test]
    fn other_stream_options_stay_and_null_ones_are_replaced() {
        for (options, expected) in [
            (
                r#"{"include_obfuscation": false}"#,
                r#"{"include_obfuscation":false,"include_usage":true}"#,
            ),
            (r#"{"include_usage":false}"#, r#"{"include_usage":true}"#),
            ("null", r#"{"include_usage":true}"#),
        ] {
            let body = format!(r#"{{"model":"m","stream_options":{options}}}"#);
            let expected = format!(r#"{{"model":"m","stream_options":{expected}}}"#);
            assert_eq!(edit(&body, None, &Value::Null, true), (expected, true));
        }
        let odd = r#"{"model":"m","stream_options":7}"#;
        assert_eq!(edit(odd, None, &Value::Null, true), (odd.to_owned(), false));
    }
}
