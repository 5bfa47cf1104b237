//! Tools and the choice among them, read.

use serde_json::{Map, Value};

use crate::llm_integration::dialects::{
    Dialect, Fields, Path, Untranslatable,
    chat::{Opaque, Tool, ToolChoice},
};

const CHOICES: &str = "auto, none, required, or an object that names a tool";

pub(super) fn decode_all(fields: &mut Fields<'_>) -> Result<Vec<Tool>, Untranslatable> {
    let root = fields.path;
    let list = root.field("tools");
    let tools = fields.list("tools")?.unwrap_or_default();
    let tools = tools
        .into_iter()
        .enumerate()
        .map(|(at, tool)| decode(tool, list.item(at)));
    tools.collect()
}

fn decode(tool: Value, path: Path<'_>) -> Result<Tool, Untranslatable> {
    let mut fields = Fields::of(tool, path)?;
    let kind = fields.needed_text("type")?;
    match kind.as_str() {
        "function" => {
            let function = fields
                .take("function")
                .ok_or_else(|| fields.missing("function", "an object"))?;
            function_tool(Fields::of(function, path.field("function"))?, fields.rest())
        }
        "custom" => {
            let custom = fields
                .take("custom")
                .ok_or_else(|| fields.missing("custom", "an object"))?;
            custom_tool(Fields::of(custom, path.field("custom"))?)
        }
        _ => {
            let mut value = fields.rest();
            value.insert("type".to_owned(), kind.clone().into());
            Ok(Tool::BuiltIn(Opaque {
                dialect: Dialect::OpenAiChat,
                kind,
                value: Value::Object(value),
            }))
        }
    }
}

/// The fields of a function, which chat completions nest and responses do not.
pub(in super::super) fn function_tool(
    mut function: Fields<'_>,
    outer: Map<String, Value>,
) -> Result<Tool, Untranslatable> {
    let name = function.needed_text("name")?;
    let description = function.text("description")?;
    let parameters = function.object("parameters")?.map(Value::Object);
    let strict = function.bool("strict")?;
    let mut extra = function.rest();
    extra.extend(outer);
    Ok(Tool::Function {
        name,
        description,
        parameters,
        strict,
        cache: None,
        extra,
    })
}

pub(in super::super) fn custom_tool(mut custom: Fields<'_>) -> Result<Tool, Untranslatable> {
    Ok(Tool::Custom {
        name: custom.needed_text("name")?,
        description: custom.text("description")?,
        format: custom.take("format"),
    })
}

pub(super) fn decode_choice(fields: &mut Fields<'_>) -> Result<Option<ToolChoice>, Untranslatable> {
    let path = fields.path;
    let path = path.field("tool_choice");
    let choice = match fields.take("tool_choice") {
        None => return Ok(None),
        Some(Value::String(word)) => return word_choice(&word, path).map(Some),
        Some(choice) => choice,
    };
    let mut choice = Fields::of(choice, path)?;
    let kind = choice.needed_text("type")?;
    let inner = choice.take(&kind).ok_or_else(|| path.wrong(CHOICES))?;
    let inner_path = path.field(&kind);
    let mut inner = Fields::of(inner, inner_path)?;
    match kind.as_str() {
        "function" | "custom" => Ok(Some(ToolChoice::Named(inner.needed_text("name")?))),
        "allowed_tools" => allowed(inner, |tool| {
            let function = tool.get("function").or_else(|| tool.get("custom"))?;
            function.get("name")?.as_str()
        })
        .map(Some),
        _ => Err(path.wrong(CHOICES)),
    }
}

pub(in super::super) fn word_choice(
    word: &str,
    path: Path<'_>,
) -> Result<ToolChoice, Untranslatable> {
    match word {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        "required" => Ok(ToolChoice::Required),
        _ => Err(path.wrong(CHOICES)),
    }
}

/// `mode` and `tools`; `name_of` finds the name of a tool in its form.
pub(in super::super) fn allowed(
    mut fields: Fields<'_>,
    name_of: impl Fn(&Value) -> Option<&str>,
) -> Result<ToolChoice, Untranslatable> {
    let path = fields.path;
    let required = match fields.needed_text("mode")?.as_str() {
        "auto" => false,
        "required" => true,
        _ => return Err(path.field("mode").wrong("auto or required")),
    };
    let tools = fields.list("tools")?.unwrap_or_default();
    let list = path.field("tools");
    let names = tools.iter().enumerate().map(|(at, tool)| {
        name_of(tool).map(str::to_owned).ok_or_else(|| {
            list.item(at).wrong(
                "a function with its name; tools that a provider runs are not understood here",
            )
        })
    });
    Ok(ToolChoice::Allowed {
        names: names.collect::<Result<_, _>>()?,
        required,
    })
}
