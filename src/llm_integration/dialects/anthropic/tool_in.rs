//! Tools and the choice among them, read.

use serde_json::Value;

use super::block_in;
use crate::llm_integration::dialects::{
    Dialect, Fields, Path, Untranslatable,
    chat::{Opaque, Tool, ToolChoice},
};

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
    if let Some(kind) = fields.text("type")?
        && kind != "custom"
    {
        let mut value = fields.rest();
        value.shift_insert(0, "type".to_owned(), kind.clone().into());
        return Ok(Tool::BuiltIn(Opaque {
            dialect: Dialect::Anthropic,
            kind,
            value: value.into(),
        }));
    }
    let cache = block_in::cache_mark(&mut fields)?;
    Ok(Tool::Function {
        name: fields.needed_text("name")?,
        description: fields.text("description")?,
        parameters: fields.object("input_schema")?.map(Value::Object),
        strict: fields.bool("strict")?,
        cache,
        extra: fields.rest(),
    })
}

/// The choice, and whether tools may be asked for side by side.
pub(super) fn decode_choice(
    fields: &mut Fields<'_>,
) -> Result<(Option<ToolChoice>, Option<bool>), Untranslatable> {
    let root = fields.path;
    let path = root.field("tool_choice");
    let Some(choice) = fields.take("tool_choice") else {
        return Ok((None, None));
    };
    let mut choice = Fields::of(choice, path)?;
    let parallel = choice.bool("disable_parallel_tool_use")?.map(|not| !not);
    let chosen = match choice.needed_text("type")?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named(choice.needed_text("name")?),
        _ => return Err(path.field("type").wrong("auto, any, tool or none")),
    };
    Ok((Some(chosen), parallel))
}
