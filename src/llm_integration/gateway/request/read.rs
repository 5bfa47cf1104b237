//! What the gateway reads of a request, whose bytes it passes on.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, value::RawValue};

use super::{
    super::links::{Links, METADATA_PREFIX},
    Asking,
    fields::{Fields, body_fields, field, invalid, only},
    shape::{Shape, shape_of},
};
use crate::llm_integration::{CallerHeaders, JsonText, LlmError, dialects::Dialect};

const MAX_MODEL_CHARS: usize = 200;
pub(super) const STREAM_OPTIONS: &str = "stream_options";

/// What a call has to do with the responses that providers keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Kept {
    /// The provider keeps the answer, where it keeps any.
    pub keeps: bool,
    /// The response that the call goes on from.
    pub previous: Option<String>,
    /// It goes on in a conversation that the provider keeps.
    pub in_conversation: bool,
}

/// One call to a model.
#[derive(Debug)]
pub(in super::super) struct CallRequest {
    pub asking: Asking,
    /// As the caller names it: a model, or a route.
    pub model: String,
    pub stream: bool,
    /// The caller's bytes.
    pub body: Bytes,
    pub links: Links,
    pub input: JsonText,
    pub parameters: JsonText,
    /// The caller's own metadata, without links.
    pub metadata: BTreeMap<String, Value>,
    pub max_output_tokens: Option<u64>,
    pub kept: Kept,
}

impl CallRequest {
    /// # Errors
    /// [`LlmError::InvalidCall`] when the body is not a JSON object that names a model.
    pub fn read(
        asking: Asking,
        body: Bytes,
        headers: &CallerHeaders,
        capture_limit: usize,
    ) -> Result<Self, LlmError> {
        let fields = body_fields(&body)?;
        let shape = shape_of(asking);
        let model: String = field(&fields, "model")?
            .ok_or_else(|| invalid("the body names no `model`".to_owned()))?;
        check_model(&model)?;
        // What else it may be is the provider's to judge.
        let metadata: Fields<'_> = fields
            .get("metadata")
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default();
        let mut links = Links::parse(headers, &metadata)?;
        if links.user_id.is_none() {
            links.user_id = user_of(asking.surface(), &fields, &metadata);
        }
        let metadata = metadata
            .iter()
            .filter(|(key, _)| !key.0.starts_with(METADATA_PREFIX))
            .filter_map(|(key, raw)| {
                Some((key.0.to_string(), serde_json::from_str(raw.get()).ok()?))
            })
            .collect();
        let input = input_of(shape, &fields, capture_limit);
        let parameters = JsonText::of(&only(&fields, shape.parameters)).cut(capture_limit);
        let stream = field::<bool>(&fields, "stream")?.unwrap_or(false);
        let limits = shape.output_limits.iter();
        let max_output_tokens = limits.copied().find_map(|name| number(&fields, name));
        let max_output_tokens = match asking {
            Asking::Chat(_) => max_output_tokens,
            Asking::Embeddings | Asking::Rerank => Some(0),
        };
        let kept = kept_of(asking, &fields)?;
        Ok(Self {
            asking,
            model,
            stream,
            body,
            links,
            input,
            parameters,
            metadata,
            max_output_tokens,
            kept,
        })
    }
}

fn check_model(model: &str) -> Result<(), LlmError> {
    let fits = !model.is_empty()
        && model.chars().count() <= MAX_MODEL_CHARS
        && !model.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "`model` takes 1 to {MAX_MODEL_CHARS} characters, none of them control characters"
    )))
}

/// Whom the body itself says that the call is made for. What it says otherwise is the provider's to
/// refuse.
fn user_of(surface: Dialect, fields: &Fields<'_>, metadata: &Fields<'_>) -> Option<String> {
    let raw: &RawValue = match surface {
        Dialect::Anthropic => metadata.get("user_id")?,
        _ => fields.get("user")?,
    };
    let user: String = serde_json::from_str(raw.get()).ok()?;
    (!user.is_empty() && !user.contains('\0')).then_some(user)
}

fn kept_of(asking: Asking, fields: &Fields<'_>) -> Result<Kept, LlmError> {
    if asking != Asking::Chat(Dialect::OpenAiResponses) {
        return Ok(Kept::default());
    }
    let conversation = fields.get("conversation").map(|raw| raw.get());
    Ok(Kept {
        keeps: field::<Option<bool>>(fields, "store")?
            .flatten()
            .unwrap_or(true),
        previous: field::<Option<String>>(fields, "previous_response_id")?.flatten(),
        in_conversation: conversation.is_some_and(|value| value != "null"),
    })
}

fn number(fields: &Fields<'_>, name: &str) -> Option<u64> {
    serde_json::from_str(fields.get(name)?.get()).ok()
}

/// The messages; with tools and the like, both.
fn input_of(shape: &Shape, fields: &Fields<'_>, limit: usize) -> JsonText {
    let mut inputs = only(fields, shape.inputs);
    let main = only(fields, &[shape.main]);
    match main.get(shape.main) {
        Some(messages) if inputs.is_empty() => JsonText::capture(messages, limit),
        _ => {
            inputs.extend(main);
            JsonText::of(&inputs).cut(limit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<CallRequest, LlmError> {
        read(Dialect::OpenAiChat, body)
    }

    fn read(surface: Dialect, body: &str) -> Result<CallRequest, LlmError> {
        CallRequest::read(
            Asking::Chat(surface),
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
        assert!(!request.stream);
    }

    #[test]
    fn every_surface_has_its_own_words_for_input_parameters_and_user() {
        let messages = read(
            Dialect::Anthropic,
            r#"{"model":"m","max_tokens":9,"system":"s","messages":[],"metadata":{"user_id":"u"}}"#,
        )
        .unwrap();
        assert_eq!(messages.input.get(), r#"{"messages":[],"system":"s"}"#);
        assert_eq!(messages.max_output_tokens, Some(9));
        assert_eq!(messages.links.user_id.as_deref(), Some("u"));
        let responses = read(
            Dialect::OpenAiResponses,
            r#"{"model":"m","input":"Hi","max_output_tokens":7,"stream":true,"user":"v"}"#,
        )
        .unwrap();
        assert_eq!(responses.input.get(), r#""Hi""#);
        assert_eq!(
            responses.parameters.get(),
            r#"{"max_output_tokens":7,"stream":true}"#
        );
        assert_eq!(
            (responses.max_output_tokens, responses.stream),
            (Some(7), true)
        );
        assert_eq!(responses.links.user_id.as_deref(), Some("v"));
    }

    #[test]
    fn what_a_provider_keeps_of_responses_is_known() {
        let kept = |body: &str| read(Dialect::OpenAiResponses, body).unwrap().kept;
        let plain = kept(r#"{"model":"m","input":"Hi"}"#);
        assert_eq!(
            (plain.keeps, plain.previous, plain.in_conversation),
            (true, None, false)
        );
        let more = kept(
            r#"{"model":"m","store":false,"previous_response_id":"resp_1","conversation":{"id":"c"}}"#,
        );
        assert_eq!(
            (more.keeps, more.previous.as_deref()),
            (false, Some("resp_1"))
        );
        assert!(more.in_conversation);
        assert_eq!(
            parse(r#"{"model":"m","store":true}"#).unwrap().kept,
            Kept::default()
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
