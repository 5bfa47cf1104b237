//! Tools and the choice among them, written.

use serde_json::{Map, Value, json};

use super::{block_out::cache_point, request_out::WHOSE};
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{Content, Request, Tool, ToolChoice},
};

pub(super) fn encode(
    request: &Request,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    if request.tool_choice == Some(ToolChoice::None) && !has_calls(request) {
        // Tools that must not be called need not be offered.
        return Ok(());
    }
    let mut tools = Vec::with_capacity(request.tools.len());
    for (at, tool) in offered(request) {
        tools.extend(encode_tool(at, tool, losses)?);
    }
    if tools.is_empty() {
        return Ok(());
    }
    let mut config = json!({ "tools": tools });
    if let Some(choice) = choice(request, losses)? {
        config["toolChoice"] = choice;
    }
    losses.lose_if(
        request.parallel_tool_calls == Some(false),
        "parallel_tool_calls",
        "Bedrock's models may always call several tools at once; leave it out",
    )?;
    body.insert("toolConfig".to_owned(), config);
    Ok(())
}

/// A choice among some of the tools is told by offering only those.
fn offered(request: &Request) -> impl Iterator<Item = (usize, &Tool)> {
    let allowed = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => Some(names),
        _ => None,
    };
    let tools = request.tools.iter().enumerate();
    tools.filter(move |(_, tool)| {
        allowed.is_none_or(|names| names.iter().any(|name| name == tool.name()))
    })
}

fn has_calls(request: &Request) -> bool {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    parts.any(|part| matches!(part.content, Content::ToolUse(_) | Content::ToolResult(_)))
}

/// The tool, and the mark behind it.
fn encode_tool(at: usize, tool: &Tool, losses: &mut Losses) -> Result<Vec<Value>, Untranslatable> {
    match tool {
        Tool::Function {
            name,
            description,
            parameters,
            strict,
            cache,
            extra,
        } => {
            losses.lose_all(format_args!("tools[{at}]."), extra, WHOSE)?;
            let schema = schema(parameters.as_ref());
            let mut spec = json!({ "name": name, "inputSchema": { "json": schema } });
            if let Some(description) = description.as_deref().filter(|text| !text.is_empty()) {
                spec["description"] = description.into();
            }
            if *strict == Some(true) {
                spec["strict"] = true.into();
            }
            let tool = json!({ "toolSpec": spec });
            Ok(std::iter::once(tool).chain(cache_point(*cache)).collect())
        }
        Tool::BuiltIn(opaque) if opaque.dialect == Dialect::Bedrock => {
            Ok(vec![opaque.value.clone()])
        }
        Tool::BuiltIn(_) | Tool::Custom { .. } => {
            let why = format!(
                "{WHOSE} has no tool `{}` of this type; offer a function in its place",
                tool.name()
            );
            losses.lose(format!("tools[{at}]"), why)?;
            Ok(Vec::new())
        }
    }
}

/// A schema is needed, and is of an object.
fn schema(parameters: Option<&Value>) -> Value {
    match parameters {
        Some(Value::Object(schema)) if !schema.is_empty() => {
            let mut schema = schema.clone();
            schema
                .entry("type")
                .or_insert_with(|| Value::String("object".to_owned()));
            schema.into()
        }
        _ => json!({ "type": "object", "properties": {} }),
    }
}

fn choice(request: &Request, losses: &mut Losses) -> Result<Option<Value>, Untranslatable> {
    Ok(match &request.tool_choice {
        None => None,
        Some(
            ToolChoice::Auto
            | ToolChoice::Allowed {
                required: false, ..
            },
        ) => Some(json!({ "auto": {} })),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => {
            Some(json!({ "any": {} }))
        }
        Some(ToolChoice::Named(name)) => Some(json!({ "tool": { "name": name } })),
        Some(ToolChoice::None) => {
            let why = "Bedrock needs the tools of a conversation that has called some, and may call \
                       them again";
            losses.lose("tool_choice", why)?;
            None
        }
    })
}
