//! Tools and the choice among them, written.

use serde_json::{Map, Value, json};

use super::{block_out, request_out::WHOSE};
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{Request, Tool, ToolChoice},
};

pub(super) fn encode(
    request: &Request,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    let mut tools = Vec::with_capacity(request.tools.len());
    for (at, tool) in offered(request) {
        tools.extend(encode_tool(request, at, tool, losses)?);
    }
    let has_tools = !tools.is_empty();
    if has_tools {
        body.insert("tools".to_owned(), tools.into());
    }
    if let Some(choice) = choice(request, has_tools) {
        body.insert("tool_choice".to_owned(), choice);
    }
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

fn encode_tool(
    request: &Request,
    at: usize,
    tool: &Tool,
    losses: &mut Losses,
) -> Result<Option<Value>, Untranslatable> {
    match tool {
        Tool::Function {
            name,
            description,
            parameters,
            strict,
            cache,
            extra,
        } => {
            let mut fields = Map::new();
            fields.insert("name".to_owned(), name.as_str().into());
            if let Some(description) = description {
                fields.insert("description".to_owned(), description.as_str().into());
            }
            fields.insert("input_schema".to_owned(), schema(parameters.as_ref()));
            if *strict == Some(true) {
                fields.insert("strict".to_owned(), true.into());
            }
            block_out::mark(*cache, &mut fields);
            if request.dialect == Dialect::Anthropic {
                fields.extend(extra.clone());
            } else {
                losses.lose_all(format_args!("tools[{at}]."), extra, WHOSE)?;
            }
            Ok(Some(fields.into()))
        }
        Tool::BuiltIn(opaque) if opaque.dialect == Dialect::Anthropic => {
            Ok(Some(opaque.value.clone()))
        }
        Tool::BuiltIn(_) | Tool::Custom { .. } => {
            let why = format!(
                "{WHOSE} has no tool `{}` of this type; offer a function in its place",
                tool.name()
            );
            losses.lose(format!("tools[{at}]"), why)?;
            Ok(None)
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

fn choice(request: &Request, has_tools: bool) -> Option<Value> {
    if !has_tools {
        return None;
    }
    let mut choice = match &request.tool_choice {
        None if request.parallel_tool_calls != Some(false) => return None,
        None
        | Some(
            ToolChoice::Auto
            | ToolChoice::Allowed {
                required: false, ..
            },
        ) => json!({ "type": "auto" }),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => {
            json!({ "type": "any" })
        }
        Some(ToolChoice::Named(name)) => json!({ "type": "tool", "name": name }),
        Some(ToolChoice::None) => return Some(json!({ "type": "none" })),
    };
    if let Some(parallel) = request.parallel_tool_calls {
        choice["disable_parallel_tool_use"] = (!parallel).into();
    }
    Some(choice)
}
