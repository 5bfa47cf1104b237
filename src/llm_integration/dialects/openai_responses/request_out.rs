//! A request for OpenAI, written; and what an answer repeats of it.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::item_out;
use crate::llm_integration::dialects::{
    Dialect, Encoded, Leniency, Losses, Untranslatable,
    chat::{Effort, ReasoningSummary, Request, ResponseFormat, Tool, ToolChoice},
    openai_chat::request_out,
};

/// Whose the dialect is, in messages to people.
pub(super) const WHOSE: &str = "OpenAI's responses";
/// Fields that chat completions have too, by the same name.
const SHARED_FIELDS: &[&str] = &[
    "moderation",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "user",
];

pub(super) fn encode(request: &Request, leniency: Leniency) -> Result<Encoded, Untranslatable> {
    let mut losses = Losses::new(leniency);
    let mut body = Map::new();
    body.insert("model".to_owned(), request.model.as_str().into());
    let input = item_out::encode_all(request, &mut losses)?;
    body.insert("input".to_owned(), input);
    let tools = tools(request, &mut losses)?;
    if !tools.is_empty() {
        body.insert("tools".to_owned(), tools.into());
    }
    settings(request, &mut losses, &mut body)?;
    only_others(request, &mut losses)?;
    if request.stream {
        body.insert("stream".to_owned(), true.into());
    }
    if request.dialect != Dialect::OpenAiResponses {
        // Kept unless told otherwise, which nobody asked for.
        body.insert("store".to_owned(), false.into());
    }
    extra(request, &mut body, &mut losses)?;
    if let Some(user) = request
        .user
        .as_deref()
        .filter(|_| !body.contains_key("user"))
    {
        body.insert("safety_identifier".to_owned(), user.into());
    }
    Ok(Encoded {
        body: Bytes::from(Value::Object(body).to_string()),
        dropped: losses.into_dropped(),
    })
}

/// What an answer in this dialect repeats of the request.
pub(super) fn echo(request: &Request) -> Map<String, Value> {
    let mut losses = Losses::new(Leniency::Drop);
    let mut echo = Map::new();
    let instructions: Vec<_> = item_out::texts(&request.system).collect();
    let instructions = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
    echo.insert("instructions".to_owned(), instructions.into());
    // Nothing is refused when it is only repeated.
    let tools = tools(request, &mut losses).unwrap_or_default();
    let mut said = Map::new();
    if settings(request, &mut losses, &mut said).is_err() {
        said.clear();
    }
    for (name, default) in [
        ("max_output_tokens", Value::Null),
        ("parallel_tool_calls", true.into()),
        ("reasoning", json!({ "effort": null, "summary": null })),
        ("temperature", 1.0.into()),
        ("text", json!({ "format": { "type": "text" } })),
        ("tool_choice", "auto".into()),
        ("top_p", 1.0.into()),
        ("metadata", json!({})),
    ] {
        echo.insert(name.to_owned(), said.shift_remove(name).unwrap_or(default));
    }
    echo.insert("tools".to_owned(), tools.into());
    echo.insert("previous_response_id".to_owned(), Value::Null);
    echo.insert("store".to_owned(), false.into());
    echo.insert("truncation".to_owned(), "disabled".into());
    echo.insert("user".to_owned(), request.user.as_deref().into());
    echo
}

fn settings(
    request: &Request,
    losses: &mut Losses,
    body: &mut Map<String, Value>,
) -> Result<(), Untranslatable> {
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    set("tool_choice", tool_choice(request));
    set("parallel_tool_calls", request.parallel_tool_calls.into());
    set("max_output_tokens", request.max_tokens.into());
    set("temperature", request.sampling.temperature.into());
    set("top_p", request.sampling.top_p.into());
    set("text", text(request));
    set("reasoning", reasoning(request, losses));
    if let Some(logprobs) = request.logprobs {
        set("top_logprobs", logprobs.top.into());
        set("include", json!(["message.output_text.logprobs"]));
    }
    if !request.metadata.is_empty() {
        set("metadata", request.metadata.clone().into());
    }
    match (&request.service_tier, request.dialect) {
        (Some(tier), Dialect::OpenAiChat | Dialect::OpenAiResponses) => {
            set("service_tier", tier.as_str().into());
        }
        (Some(tier), _) if tier == "standard_only" => set("service_tier", "default".into()),
        (Some(tier), _) if tier != "auto" => {
            losses.lose("service_tier", format!("{WHOSE} has no tier `{tier}`"))?;
        }
        _ => {}
    }
    Ok(())
}

fn text(request: &Request) -> Value {
    let mut text = Map::new();
    match &request.response_format {
        None => {}
        Some(ResponseFormat::Text) => {
            text.insert("format".to_owned(), json!({ "type": "text" }));
        }
        Some(ResponseFormat::Json) => {
            text.insert("format".to_owned(), json!({ "type": "json_object" }));
        }
        Some(ResponseFormat::JsonSchema {
            name,
            description,
            schema,
            strict,
        }) => {
            let mut format =
                request_out::json_schema(name, description.as_deref(), schema, *strict);
            format.insert("type".to_owned(), "json_schema".into());
            text.insert("format".to_owned(), format.into());
        }
    }
    if let Some(verbosity) = &request.verbosity {
        text.insert("verbosity".to_owned(), verbosity.as_str().into());
    }
    if text.is_empty() {
        Value::Null
    } else {
        text.into()
    }
}

fn reasoning(request: &Request, losses: &mut Losses) -> Value {
    let mut reasoning = Map::new();
    if let Some(effort) = request_out::effort(&request.reasoning, losses) {
        reasoning.insert("effort".to_owned(), Effort::name(effort).into());
    }
    let summary = match request.reasoning.summary {
        None | Some(ReasoningSummary::Omitted) => None,
        Some(ReasoningSummary::Auto) => Some("auto"),
        Some(ReasoningSummary::Concise) => Some("concise"),
        Some(ReasoningSummary::Detailed) => Some("detailed"),
    };
    if let Some(summary) = summary {
        reasoning.insert("summary".to_owned(), summary.into());
    }
    if reasoning.is_empty() {
        Value::Null
    } else {
        reasoning.into()
    }
}

fn only_others(request: &Request, losses: &mut Losses) -> Result<(), Untranslatable> {
    let none = "OpenAI's responses have no such setting; leave it out";
    let sampling = &request.sampling;
    losses.lose_if(!request.stop.is_empty(), "stop", none)?;
    losses.lose_if(request.n.is_some_and(|n| n > 1), "n", none)?;
    losses.lose_if(sampling.top_k.is_some(), "top_k", none)?;
    losses.lose_if(sampling.seed.is_some(), "seed", none)?;
    let asks = |penalty: Option<f64>| penalty.is_some_and(|penalty| penalty != 0.0);
    losses.lose_if(asks(sampling.frequency_penalty), "frequency_penalty", none)?;
    losses.lose_if(asks(sampling.presence_penalty), "presence_penalty", none)?;
    losses.lose_if(!sampling.logit_bias.is_empty(), "logit_bias", none)
}

fn extra(
    request: &Request,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    let carried = |name: &str| match request.dialect {
        Dialect::OpenAiResponses => true,
        Dialect::OpenAiChat => SHARED_FIELDS.contains(&name),
        _ => false,
    };
    let mut others = request.extra.clone();
    others.retain(|name, value| {
        let carried = carried(name);
        if carried {
            match (body.get_mut(name), value.take()) {
                // The part of `reasoning` that only OpenAI knows.
                (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
                (_, value) => {
                    body.insert(name.clone(), value);
                }
            }
        }
        !carried
    });
    losses.lose_all("", &others, WHOSE)
}

fn tools(request: &Request, losses: &mut Losses) -> Result<Vec<Value>, Untranslatable> {
    let mut tools = Vec::with_capacity(request.tools.len());
    for (at, tool) in request.tools.iter().enumerate() {
        let (kind, mut fields) = match tool {
            Tool::Function { extra, cache, .. } => {
                if cache.is_some() {
                    losses.note("cache_control");
                }
                let mut fields = request_out::function(tool);
                // Both must be given here.
                fields.entry("parameters").or_insert(Value::Null);
                fields.entry("strict").or_insert(Value::Null);
                if request.dialect == Dialect::OpenAiResponses {
                    fields.extend(extra.clone());
                } else {
                    losses.lose_all(format_args!("tools[{at}]."), extra, WHOSE)?;
                }
                ("function", fields)
            }
            Tool::Custom { .. } => ("custom", request_out::custom(tool)),
            Tool::BuiltIn(opaque) if opaque.dialect == Dialect::OpenAiResponses => {
                tools.push(opaque.value.clone());
                continue;
            }
            Tool::BuiltIn(opaque) => {
                let why = format!(
                    "{WHOSE} do not run the tool `{}`; offer a function in its place",
                    opaque.kind
                );
                losses.lose(format!("tools[{at}]"), why)?;
                continue;
            }
        };
        fields.shift_insert(0, "type".to_owned(), kind.into());
        tools.push(fields.into());
    }
    Ok(tools)
}

fn tool_choice(request: &Request) -> Value {
    let named = |name: &str| {
        let kind = if request.has_custom_tool(name) {
            "custom"
        } else {
            "function"
        };
        json!({ "type": kind, "name": name })
    };
    match &request.tool_choice {
        None => Value::Null,
        Some(ToolChoice::Auto) => "auto".into(),
        Some(ToolChoice::None) => "none".into(),
        Some(ToolChoice::Required) => "required".into(),
        Some(ToolChoice::Named(name)) => named(name),
        Some(ToolChoice::Allowed { names, required }) => {
            let tools: Vec<_> = names.iter().map(|name| named(name)).collect();
            let mode = if *required { "required" } else { "auto" };
            json!({ "type": "allowed_tools", "mode": mode, "tools": tools })
        }
    }
}
