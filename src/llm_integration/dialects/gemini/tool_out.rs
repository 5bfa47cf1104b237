//! Tools and the choice among them, written.

use serde_json::{Map, Value, json};

use super::request_out::WHOSE;
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{Request, Tool, ToolChoice},
};

pub(super) fn encode(
    request: &Request,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    let mut functions = Vec::new();
    let mut tools = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        match tool {
            Tool::Function {
                name,
                description,
                parameters,
                strict: _,
                cache,
                extra,
            } => {
                if cache.is_some() {
                    losses.note("cache_control");
                }
                losses.lose_all(format_args!("tools[{at}]."), extra, WHOSE)?;
                functions.push(function(name, description.as_deref(), parameters.as_ref()));
            }
            Tool::BuiltIn(opaque) if opaque.dialect == Dialect::Gemini => {
                tools.push(opaque.value.clone());
            }
            Tool::BuiltIn(_) | Tool::Custom { .. } => {
                let why = format!(
                    "{WHOSE} has no tool `{}` of this type; offer a function in its place",
                    tool.name()
                );
                losses.lose(format!("tools[{at}]"), why)?;
            }
        }
    }
    let has_functions = !functions.is_empty();
    if has_functions {
        tools.push(json!({ "functionDeclarations": functions }));
    }
    if !tools.is_empty() {
        body.insert("tools".to_owned(), tools.into());
    }
    if let Some(config) = calling(request).filter(|_| has_functions) {
        let config = json!({ "functionCallingConfig": config });
        body.insert("toolConfig".to_owned(), config);
    }
    losses.lose_if(
        has_functions && request.parallel_tool_calls == Some(false),
        "parallel_tool_calls",
        "Gemini's models may always call several tools at once; leave it out",
    )
}

fn function(name: &str, description: Option<&str>, parameters: Option<&Value>) -> Value {
    let mut function = json!({ "name": name });
    if let Some(description) = description {
        function["description"] = description.into();
    }
    // A function without arguments has no schema.
    if let Some(schema) = parameters.filter(|schema| has_properties(schema)) {
        function["parametersJsonSchema"] = schema.clone();
    }
    function
}

fn has_properties(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| {
        let empty = |properties: &Value| properties.as_object().is_none_or(Map::is_empty);
        schema
            .keys()
            .any(|key| key != "type" && key != "properties" && key != "additionalProperties")
            || !schema.get("properties").is_none_or(empty)
    })
}

/// `VALIDATED` lets the model choose, and holds it to the schemas.
fn calling(request: &Request) -> Option<Value> {
    let strict = request.tools.iter().any(|tool| {
        matches!(
            tool,
            Tool::Function {
                strict: Some(true),
                ..
            }
        )
    });
    match &request.tool_choice {
        None | Some(ToolChoice::Auto) if strict => Some(json!({ "mode": "VALIDATED" })),
        None => None,
        Some(ToolChoice::Auto) => Some(json!({ "mode": "AUTO" })),
        Some(ToolChoice::None) => Some(json!({ "mode": "NONE" })),
        Some(ToolChoice::Required) => Some(json!({ "mode": "ANY" })),
        Some(ToolChoice::Named(name)) => {
            Some(json!({ "mode": "ANY", "allowedFunctionNames": [name] }))
        }
        Some(ToolChoice::Allowed { names, required }) => {
            let mode = if *required { "ANY" } else { "VALIDATED" };
            Some(json!({ "mode": mode, "allowedFunctionNames": names }))
        }
    }
}
