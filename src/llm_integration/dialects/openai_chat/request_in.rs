//! A client's request, read.

use serde_json::Value;

use super::{message_in, tool_in};
use crate::llm_integration::dialects::{
    Dialect, Fields, Untranslatable,
    chat::{Effort, Logprobs, Reasoning, Request, ResponseFormat, Sampling},
};

pub(super) fn decode(body: &[u8]) -> Result<Request, Untranslatable> {
    let mut fields = Fields::of_body(body)?;
    let model = fields.needed_text("model")?;
    let (system, messages) = message_in::decode_all(&mut fields)?;
    let tools = tool_in::decode_all(&mut fields)?;
    let tool_choice = tool_in::decode_choice(&mut fields)?;
    let (stream, stream_usage) = stream(&mut fields)?;
    let (max_tokens, legacy_max_tokens) = max_tokens(&mut fields)?;
    let safety_identifier = fields.text("safety_identifier")?;
    let user = fields.text("user")?;
    let mut request = Request {
        dialect: Dialect::OpenAiChat,
        model,
        system,
        messages,
        tools,
        tool_choice,
        parallel_tool_calls: fields.bool("parallel_tool_calls")?,
        response_format: response_format(&mut fields)?,
        sampling: sampling(&mut fields)?,
        max_tokens,
        legacy_max_tokens,
        stop: stop(&mut fields)?,
        reasoning: Reasoning {
            effort: effort(&mut fields, "reasoning_effort")?,
            ..Reasoning::default()
        },
        n: fields.whole("n")?,
        logprobs: logprobs(&mut fields)?,
        user: safety_identifier.or_else(|| user.clone()),
        metadata: fields.object("metadata")?.unwrap_or_default(),
        service_tier: fields.text("service_tier")?,
        verbosity: fields.text("verbosity")?,
        stream,
        stream_usage,
        extra: fields.rest(),
    };
    if request.user != user
        && let Some(user) = user
    {
        request.extra.insert("user".to_owned(), user.into());
    }
    Ok(request)
}

fn stream(fields: &mut Fields<'_>) -> Result<(bool, bool), Untranslatable> {
    let stream = fields.bool("stream")?.unwrap_or(false);
    let path = fields.path;
    let Some(options) = fields.take("stream_options") else {
        return Ok((stream, false));
    };
    let mut options = Fields::of(options, path.field("stream_options"))?;
    let usage = options.bool("include_usage")?.unwrap_or(false);
    // The others, such as `include_obfuscation`, are about bytes that a translation writes anew.
    Ok((stream, usage))
}

fn max_tokens(fields: &mut Fields<'_>) -> Result<(Option<u64>, bool), Untranslatable> {
    let legacy = fields.whole("max_tokens")?;
    let current = fields.whole("max_completion_tokens")?;
    Ok((current.or(legacy), current.is_none() && legacy.is_some()))
}

pub(in super::super) fn effort(
    fields: &mut Fields<'_>,
    name: &str,
) -> Result<Option<Effort>, Untranslatable> {
    let Some(effort) = fields.text(name)? else {
        return Ok(None);
    };
    match Effort::named(&effort) {
        Some(effort) => Ok(Some(effort)),
        None => Err(fields
            .path
            .field(name)
            .wrong("none, minimal, low, medium, high, xhigh or max")),
    }
}

fn sampling(fields: &mut Fields<'_>) -> Result<Sampling, Untranslatable> {
    Ok(Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.whole("top_k")?,
        frequency_penalty: fields.number("frequency_penalty")?,
        presence_penalty: fields.number("presence_penalty")?,
        seed: fields.signed("seed")?,
        logit_bias: fields.object("logit_bias")?.unwrap_or_default(),
    })
}

fn stop(fields: &mut Fields<'_>) -> Result<Vec<String>, Untranslatable> {
    match fields.take("stop") {
        None => Ok(Vec::new()),
        Some(Value::String(sequence)) => Ok(vec![sequence]),
        Some(Value::Array(sequences)) => {
            let texts = sequences
                .into_iter()
                .enumerate()
                .map(|(at, item)| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(fields.path.field("stop").item(at).wrong("a string")),
                });
            texts.collect()
        }
        Some(_) => Err(fields
            .path
            .field("stop")
            .wrong("a string or a list of strings")),
    }
}

fn logprobs(fields: &mut Fields<'_>) -> Result<Option<Logprobs>, Untranslatable> {
    let asked = fields.bool("logprobs")?.unwrap_or(false);
    let top = fields.whole("top_logprobs")?;
    Ok((asked || top.is_some_and(|top| top > 0)).then_some(Logprobs { top }))
}

fn response_format(fields: &mut Fields<'_>) -> Result<Option<ResponseFormat>, Untranslatable> {
    let path = fields.path;
    let Some(format) = fields.take("response_format") else {
        return Ok(None);
    };
    let path = path.field("response_format");
    let mut format = Fields::of(format, path)?;
    let kind = format.needed_text("type")?;
    match kind.as_str() {
        "text" => Ok(Some(ResponseFormat::Text)),
        "json_object" => Ok(Some(ResponseFormat::Json)),
        "json_schema" => {
            let schema = format
                .take("json_schema")
                .ok_or_else(|| format.missing("json_schema", "an object"))?;
            let schema = Fields::of(schema, path.field("json_schema"))?;
            json_schema(schema).map(Some)
        }
        _ => Err(path.field("type").wrong("text, json_object or json_schema")),
    }
}

/// `name`, `description`, `schema` and `strict`, as chat completions and responses have them.
pub(in super::super) fn json_schema(
    mut schema: Fields<'_>,
) -> Result<ResponseFormat, Untranslatable> {
    Ok(ResponseFormat::JsonSchema {
        name: schema.needed_text("name")?,
        description: schema.text("description")?,
        schema: Value::Object(schema.object("schema")?.unwrap_or_default()),
        strict: schema.bool("strict")?,
    })
}
