//! A request for a provider, written.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::message_out;
use crate::llm_integration::dialects::{
    Dialect, Encoded, Leniency, Losses, Untranslatable,
    chat::{
        Effort, Reasoning, ReasoningSummary, Request, ResponseFormat, ThinkingMode, Tool,
        ToolChoice,
    },
};

/// OpenAI's own limit.
const MAX_STOP_SEQUENCES: usize = 4;
/// Fields that responses have too, by the same name.
const SHARED_FIELDS: &[&str] = &[
    "moderation",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "user",
];
/// Whose the dialect is, in messages to people.
pub(super) const WHOSE: &str = "OpenAI's chat";

pub(super) fn encode(request: &Request, leniency: Leniency) -> Result<Encoded, Untranslatable> {
    let mut losses = Losses::new(leniency);
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    set("model", request.model.as_str().into());
    set("messages", message_out::encode_all(request, &mut losses)?);
    set("tools", tools(request, &mut losses)?);
    set("tool_choice", tool_choice(request));
    set("parallel_tool_calls", request.parallel_tool_calls.into());
    set("response_format", response_format(request));
    let limit = if request.legacy_max_tokens {
        "max_tokens"
    } else {
        "max_completion_tokens"
    };
    set(limit, request.max_tokens.into());
    set("stop", stop(request, &mut losses)?);
    let effort = effort(&request.reasoning, &mut losses);
    set("reasoning_effort", effort.map(Effort::name).into());
    set("n", request.n.into());
    if let Some(logprobs) = request.logprobs {
        set("logprobs", true.into());
        set("top_logprobs", logprobs.top.into());
    }
    set("service_tier", service_tier(request, &mut losses)?);
    set("verbosity", request.verbosity.as_deref().into());
    if !request.metadata.is_empty() {
        set("metadata", request.metadata.clone().into());
    }
    if request.stream {
        set("stream", true.into());
        // Asked for in any case: the call is paid by it.
        set("stream_options", json!({ "include_usage": true }));
    }
    sampling(request, &mut body, &mut losses)?;
    extra(request, &mut body, &mut losses)?;
    let user = request.user.as_deref();
    if let Some(user) = user.filter(|_| !body.contains_key("user")) {
        let name = if request.dialect == Dialect::OpenAiResponses {
            "safety_identifier"
        } else {
            "user"
        };
        body.insert(name.to_owned(), user.into());
    }
    Ok(Encoded {
        body: Bytes::from(Value::Object(body).to_string()),
        dropped: losses.into_dropped(),
    })
}

/// A JSON schema's description in the words of chat completions; responses write it flat.
pub(in super::super) fn json_schema(
    name: &str,
    description: Option<&str>,
    schema: &Value,
    strict: Option<bool>,
) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("name".to_owned(), name.into());
    if let Some(description) = description {
        object.insert("description".to_owned(), description.into());
    }
    object.insert("schema".to_owned(), schema.clone());
    if let Some(strict) = strict {
        object.insert("strict".to_owned(), strict.into());
    }
    object
}

fn response_format(request: &Request) -> Value {
    match &request.response_format {
        None => Value::Null,
        Some(ResponseFormat::Text) => json!({ "type": "text" }),
        Some(ResponseFormat::Json) => json!({ "type": "json_object" }),
        Some(ResponseFormat::JsonSchema {
            name,
            description,
            schema,
            strict,
        }) => {
            let schema = json_schema(name, description.as_deref(), schema, *strict);
            json!({ "type": "json_schema", "json_schema": schema })
        }
    }
}

fn stop(request: &Request, losses: &mut Losses) -> Result<Value, Untranslatable> {
    for at in MAX_STOP_SEQUENCES..request.stop.len() {
        let why = format!("{WHOSE} takes at most {MAX_STOP_SEQUENCES} stop sequences");
        losses.lose(format!("stop_sequences[{at}]"), why)?;
    }
    let kept = &request.stop[..request.stop.len().min(MAX_STOP_SEQUENCES)];
    Ok(if kept.is_empty() {
        Value::Null
    } else {
        json!(kept)
    })
}

/// A budget of tokens is told as the effort it is nearest to.
pub(in super::super) fn effort(reasoning: &Reasoning, losses: &mut Losses) -> Option<Effort> {
    if matches!(reasoning.mode, Some(ThinkingMode::BetweenTools)) {
        losses.note("thinking.type");
    }
    if matches!(
        reasoning.summary,
        Some(ReasoningSummary::Concise | ReasoningSummary::Detailed)
    ) {
        losses.note("reasoning.summary");
    }
    match reasoning.mode {
        Some(ThinkingMode::Off) => Some(Effort::None),
        Some(ThinkingMode::Budget(tokens)) => reasoning.effort.or(Some(Effort::of_budget(tokens))),
        Some(ThinkingMode::Adaptive | ThinkingMode::BetweenTools) | None => reasoning.effort,
    }
}

fn sampling(
    request: &Request,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    let sampling = &request.sampling;
    let numbers = [
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            body.insert(name.to_owned(), number.into());
        }
    }
    if let Some(seed) = sampling.seed {
        body.insert("seed".to_owned(), seed.into());
    }
    if !sampling.logit_bias.is_empty() {
        body.insert("logit_bias".to_owned(), sampling.logit_bias.clone().into());
    }
    if let Some(top_k) = sampling.top_k {
        // Compatible servers have it; who asked in this dialect knows that.
        if request.dialect == Dialect::OpenAiChat {
            body.insert("top_k".to_owned(), top_k.into());
        } else {
            losses.lose("top_k", format!("{WHOSE} samples by `top_p` only"))?;
        }
    }
    Ok(())
}

/// Each vendor has its own names of tiers.
fn service_tier(request: &Request, losses: &mut Losses) -> Result<Value, Untranslatable> {
    let Some(tier) = &request.service_tier else {
        return Ok(Value::Null);
    };
    match request.dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => Ok(tier.as_str().into()),
        _ if tier == "auto" => Ok("auto".into()),
        _ if tier == "standard_only" => Ok("default".into()),
        _ => {
            losses.lose("service_tier", format!("{WHOSE} has no tier `{tier}`"))?;
            Ok(Value::Null)
        }
    }
}

fn extra(
    request: &Request,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    let carried = |name: &str| match request.dialect {
        Dialect::OpenAiChat => true,
        Dialect::OpenAiResponses => SHARED_FIELDS.contains(&name),
        _ => false,
    };
    let mut others = request.extra.clone();
    others.retain(|name, value| {
        let carried = carried(name);
        if carried {
            body.insert(name.clone(), value.take());
        }
        !carried
    });
    losses.lose_all("", &others, WHOSE)
}

fn tools(request: &Request, losses: &mut Losses) -> Result<Value, Untranslatable> {
    let mut tools = Vec::with_capacity(request.tools.len());
    for (at, tool) in request.tools.iter().enumerate() {
        tools.extend(encode_tool(request, at, tool, losses)?);
    }
    Ok(if tools.is_empty() {
        Value::Null
    } else {
        tools.into()
    })
}

fn encode_tool(
    request: &Request,
    at: usize,
    tool: &Tool,
    losses: &mut Losses,
) -> Result<Option<Value>, Untranslatable> {
    match tool {
        Tool::Function { extra, cache, .. } => {
            let mut function = function(tool);
            if cache.is_some() {
                losses.note("cache_control");
            }
            if request.dialect == Dialect::OpenAiChat {
                function.extend(extra.clone());
            } else {
                losses.lose_all(format_args!("tools[{at}]."), extra, WHOSE)?;
            }
            Ok(Some(json!({ "type": "function", "function": function })))
        }
        Tool::Custom { .. } => Ok(Some(json!({ "type": "custom", "custom": custom(tool) }))),
        Tool::BuiltIn(opaque) if opaque.dialect == Dialect::OpenAiChat => {
            Ok(Some(opaque.value.clone()))
        }
        Tool::BuiltIn(opaque) => {
            let why = format!(
                "{WHOSE} does not run the tool `{}`; offer a function in its place",
                opaque.kind
            );
            losses.lose(format!("tools[{at}]"), why)?;
            Ok(None)
        }
    }
}

/// The fields of a function; empty for another tool.
pub(in super::super) fn function(tool: &Tool) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Tool::Function {
        name,
        description,
        parameters,
        strict,
        ..
    } = tool
    {
        fields.insert("name".to_owned(), name.as_str().into());
        if let Some(description) = description {
            fields.insert("description".to_owned(), description.as_str().into());
        }
        if let Some(parameters) = parameters {
            fields.insert("parameters".to_owned(), parameters.clone());
        }
        if let Some(strict) = strict {
            fields.insert("strict".to_owned(), (*strict).into());
        }
    }
    fields
}

/// The fields of a custom tool; empty for another tool.
pub(in super::super) fn custom(tool: &Tool) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Tool::Custom {
        name,
        description,
        format,
    } = tool
    {
        fields.insert("name".to_owned(), name.as_str().into());
        if let Some(description) = description {
            fields.insert("description".to_owned(), description.as_str().into());
        }
        if let Some(format) = format {
            fields.insert("format".to_owned(), format.clone());
        }
    }
    fields
}

fn tool_choice(request: &Request) -> Value {
    let named = |name: &str| {
        let kind = if request.has_custom_tool(name) {
            "custom"
        } else {
            "function"
        };
        json!({ "type": kind, kind: { "name": name } })
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
            json!({ "type": "allowed_tools", "allowed_tools": { "mode": mode, "tools": tools } })
        }
    }
}
