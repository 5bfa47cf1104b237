//! What the gateway reads of a chat completion request, whose bytes it passes on.

use std::{
    borrow::{Borrow, Cow},
    collections::BTreeMap,
};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::links::{Links, METADATA_PREFIX};
use crate::llm_integration::{CallerHeaders, JsonText, LlmError};

const MAX_MODEL_CHARS: usize = 200;
/// What belongs to a model's input beside its messages.
const INPUTS: &[&str] = &["tools", "tool_choice", "functions", "function_call"];
const MESSAGES: &str = "messages";
const STREAM_OPTIONS: &str = "stream_options";
const INCLUDE_USAGE: &str = "include_usage";
/// What is recorded as the model's parameters.
const PARAMETERS: &[&str] = &[
    "audio",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "modalities",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "temperature",
    "top_logprobs",
    "top_p",
    "verbosity",
    "web_search_options",
];

/// A key of a JSON object, borrowed unless it holds escapes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Key<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Borrow<str> for Key<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

type Fields<'a> = BTreeMap<Key<'a>, &'a RawValue>;

/// One call for a chat completion.
#[derive(Debug)]
pub(super) struct ChatRequest {
    pub model: String,
    /// What the provider gets: the caller's bytes, but for usage that we ask for in a stream.
    pub body: Bytes,
    /// Whether usage was asked for by us alone, so that the caller does not expect it.
    pub hide_usage: bool,
    pub links: Links,
    pub input: JsonText,
    pub parameters: JsonText,
    pub max_output_tokens: Option<u64>,
    /// The caller's own metadata, without links.
    pub metadata: BTreeMap<String, Value>,
}

impl ChatRequest {
    /// # Errors
    /// [`LlmError::InvalidCall`] when the body is not a JSON object that names a model.
    pub fn parse(
        body: Bytes,
        headers: &CallerHeaders,
        capture_limit: usize,
    ) -> Result<Self, LlmError> {
        let fields: Fields<'_> = serde_json::from_slice(&body)
            .map_err(|error| invalid(format!("the body is not a JSON object: {error}")))?;
        let model: String = field(&fields, "model")?
            .ok_or_else(|| invalid("the body names no `model`".to_owned()))?;
        if model.is_empty()
            || model.chars().count() > MAX_MODEL_CHARS
            || model.chars().any(char::is_control)
        {
            return Err(invalid(format!(
                "`model` takes 1 to {MAX_MODEL_CHARS} characters, none of them control characters"
            )));
        }
        // What else it may be is the provider's to judge.
        let metadata: Fields<'_> = fields
            .get("metadata")
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default();
        let mut links = Links::parse(headers, &metadata)?;
        if links.user_id.is_none() {
            links.user_id = field::<String>(&fields, "user")
                .ok()
                .flatten()
                .filter(|user| !user.contains('\0'));
        }
        let metadata = metadata
            .iter()
            .filter(|(key, _)| !key.0.starts_with(METADATA_PREFIX))
            .filter_map(|(key, raw)| {
                Some((key.0.to_string(), serde_json::from_str(raw.get()).ok()?))
            })
            .collect();
        let input = input_of(&fields, capture_limit);
        let parameters = JsonText::of(&only(&fields, PARAMETERS)).cut(capture_limit);
        let max_output_tokens = ["max_completion_tokens", "max_tokens"]
            .iter()
            .find_map(|name| field(&fields, name).ok().flatten());
        let streams = field::<bool>(&fields, "stream")?.unwrap_or(false);
        let with_usage = if streams {
            body_with_usage(&body, fields.get(STREAM_OPTIONS).copied())
        } else {
            None
        };
        let hide_usage = with_usage.is_some();
        let body = with_usage.unwrap_or(body);
        Ok(Self {
            model,
            body,
            hide_usage,
            links,
            input,
            parameters,
            max_output_tokens,
            metadata,
        })
    }
}

fn invalid(what: String) -> LlmError {
    LlmError::InvalidCall { what }
}

fn field<'a, T: Deserialize<'a>>(fields: &Fields<'a>, name: &str) -> Result<Option<T>, LlmError> {
    fields
        .get(name)
        .map_or(Ok(None), |raw| serde_json::from_str(raw.get()))
        .map_err(|error| invalid(format!("`{name}` is not as expected: {error}")))
}

fn only<'a>(fields: &Fields<'a>, names: &[&'static str]) -> BTreeMap<&'static str, &'a RawValue> {
    names
        .iter()
        .filter_map(|name| Some((*name, *fields.get(*name)?)))
        .collect()
}

/// The messages; with tools, both.
fn input_of(fields: &Fields<'_>, limit: usize) -> JsonText {
    let mut inputs = only(fields, INPUTS);
    let messages = only(fields, &[MESSAGES]);
    match messages.get(MESSAGES) {
        Some(messages) if inputs.is_empty() => JsonText::capture(messages, limit),
        _ => {
            inputs.extend(messages);
            JsonText::of(&inputs).cut(limit)
        }
    }
}

/// The body with `stream_options.include_usage`, or `None` when it asks for that already.
fn body_with_usage(body: &Bytes, options: Option<&RawValue>) -> Option<Bytes> {
    let Some(options) = options else {
        let brace = body.iter().position(|byte| *byte == b'{')?;
        let (before, after) = body.split_at(brace + 1);
        let added = format!(r#""{STREAM_OPTIONS}":{{"{INCLUDE_USAGE}":true}},"#);
        return Some([before, added.as_bytes(), after].concat().into());
    };
    let mut value: Value = serde_json::from_str(options.get()).ok()?;
    if value.is_null() {
        value = Value::Object(serde_json::Map::new());
    }
    // Options that are no object are the provider's to refuse.
    let object = value.as_object_mut()?;
    if object.insert(INCLUDE_USAGE.to_owned(), true.into()) == Some(true.into()) {
        return None;
    }
    let start = options.get().as_ptr() as usize - body.as_ptr() as usize;
    let (before, after) = (&body[..start], &body[start + options.get().len()..]);
    Some(
        [before, value.to_string().as_bytes(), after]
            .concat()
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<ChatRequest, LlmError> {
        ChatRequest::parse(
            Bytes::copy_from_slice(body.as_bytes()),
            &CallerHeaders::default(),
            1000,
        )
    }

    #[test]
    fn a_body_without_a_stream_passes_byte_for_byte() {
        let body = "{ \"model\" : \"m\",\n\"messages\":[{\"role\":\"user\",\"content\":\"\\u0000\"}], \"new\": 1e400 }";
        let request = parse(body).unwrap();
        assert_eq!(request.body, body);
        assert_eq!(
            request.input.get(),
            r#"[{"role":"user","content":"\u0000"}]"#
        );
        assert!(!request.hide_usage);
    }

    #[test]
    fn a_stream_asks_for_usage_and_changes_nothing_else() {
        let request = parse(r#" {"model":"m","stream":true}"#).unwrap();
        assert_eq!(
            request.body,
            r#" {"stream_options":{"include_usage":true},"model":"m","stream":true}"#
        );
        assert!(request.hide_usage);
        let request = parse(
            r#"{"stream":true,"stream_options": {"x":1,"include_usage":false} ,"model":"m"}"#,
        )
        .unwrap();
        assert_eq!(
            request.body,
            r#"{"stream":true,"stream_options": {"x":1,"include_usage":true} ,"model":"m"}"#
        );
        assert!(request.hide_usage);
        let request = parse(r#"{"stream":true,"stream_options":null,"model":"m"}"#).unwrap();
        assert_eq!(
            request.body,
            r#"{"stream":true,"stream_options":{"include_usage":true},"model":"m"}"#
        );
    }

    #[test]
    fn a_stream_that_asks_for_usage_itself_passes_byte_for_byte() {
        let body = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#;
        let request = parse(body).unwrap();
        assert_eq!(
            (request.body.as_ref(), request.hide_usage),
            (body.as_bytes(), false)
        );
    }

    #[test]
    fn tools_are_input_sampling_is_a_parameter_and_links_are_no_metadata() {
        let request = parse(
            r#"{"model":"m","messages":[],"tools":[1],"temperature":0.50,"user":"u",
                "metadata":{"team":"a","langfuse_prompt_name":"p"}}"#,
        )
        .unwrap();
        assert_eq!(request.input.get(), r#"{"messages":[],"tools":[1]}"#);
        assert_eq!(request.parameters.get(), r#"{"temperature":0.50}"#);
        assert_eq!(request.metadata.keys().collect::<Vec<_>>(), ["team"]);
        assert_eq!(request.links.prompt_name.as_deref(), Some("p"));
        assert_eq!(request.links.user_id.as_deref(), Some("u"));
    }

    #[test]
    fn what_is_no_call_is_refused_with_a_reason() {
        for (body, reason) in [
            ("", "not a JSON object"),
            ("[]", "not a JSON object"),
            ("{}", "`model`"),
            (r#"{"model":7}"#, "`model`"),
            (r#"{"model":"a\u0000"}"#, "control characters"),
            (r#"{"model":"m","stream":"yes"}"#, "`stream`"),
        ] {
            let error = parse(body).unwrap_err().to_string();
            assert!(error.contains(reason), "{body}: {error}");
        }
    }
}
