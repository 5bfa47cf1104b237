//! Messages, read: instructions go to the front, and results of tools become a turn of the user's.

use serde_json::Value;

use super::part_in;
use crate::llm_integration::dialects::{
    Fields, Path, Untranslatable,
    chat::{Content, Message, Part, Role, Thinking, ToolResult, ToolUse},
};

/// Instructions and messages.
pub(super) fn decode_all(
    fields: &mut Fields<'_>,
) -> Result<(Vec<Part>, Vec<Message>), Untranslatable> {
    let root = fields.path;
    let list = root.field("messages");
    let items = fields
        .list("messages")?
        .ok_or_else(|| fields.missing("messages", "a list"))?;
    let (mut system, mut messages) = (Vec::new(), Vec::<Message>::new());
    for (at, item) in items.into_iter().enumerate() {
        let path = list.item(at);
        let mut message = Fields::of(item, path)?;
        let role = message.needed_text("role")?;
        match role.as_str() {
            "system" | "developer" => {
                let parts = contents(&mut message)?;
                if messages.is_empty() {
                    system.extend(parts);
                } else {
                    messages.push(finish(Role::System, parts, message)?);
                }
            }
            "user" => {
                let parts = contents(&mut message)?;
                messages.push(finish(Role::User, parts, message)?);
            }
            "assistant" => {
                let parts = assistant(&mut message)?;
                messages.push(finish(Role::Assistant, parts, message)?);
            }
            "tool" => add_result(&mut messages, result(message)?),
            _ => {
                return Err(path.field("role").wrong(
                    "system, developer, user, assistant or tool (`function` is `tool` today)",
                ));
            }
        }
    }
    Ok((system, messages))
}

fn finish(role: Role, parts: Vec<Part>, mut fields: Fields<'_>) -> Result<Message, Untranslatable> {
    Ok(Message {
        role,
        name: fields.text("name")?,
        parts,
        extra: fields.rest(),
    })
}

/// `content`: text, or a list of parts.
fn contents(fields: &mut Fields<'_>) -> Result<Vec<Part>, Untranslatable> {
    let path = fields.path;
    let path = path.field("content");
    match fields.take("content") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::text(text)]),
        Some(Value::Array(items)) => {
            let parts = items
                .into_iter()
                .enumerate()
                .map(|(at, item)| part_in::decode(item, path.item(at)));
            parts.collect()
        }
        Some(_) => Err(path.wrong("a string or a list of parts")),
    }
}

fn assistant(fields: &mut Fields<'_>) -> Result<Vec<Part>, Untranslatable> {
    let mut parts = thinking(fields)?;
    parts.extend(contents(fields)?.into_iter().filter(|part| {
        // Beside tool calls, an empty text stands for none.
        !matches!(&part.content, Content::Text(text) if text.is_empty())
    }));
    if let Some(refusal) = fields.text("refusal")? {
        parts.push(Part::of(Content::Refusal(refusal)));
    }
    let path = fields.path;
    let list = path.field("tool_calls");
    for (at, call) in fields.list("tool_calls")?.into_iter().flatten().enumerate() {
        parts.push(Part::of(Content::ToolUse(tool_call(call, list.item(at))?)));
    }
    Ok(parts)
}

/// `thinking_blocks` hold what `reasoning_content` says, and its signature.
fn thinking(fields: &mut Fields<'_>) -> Result<Vec<Part>, Untranslatable> {
    let path = fields.path;
    let text = fields.text("reasoning_content")?;
    let list = path.field("thinking_blocks");
    let Some(blocks) = fields.list("thinking_blocks")? else {
        let thinking = text.filter(|text| !text.is_empty()).map(|text| Thinking {
            text,
            signature: None,
        });
        return Ok(thinking
            .into_iter()
            .map(|thinking| Part::of(Content::Thinking(thinking)))
            .collect());
    };
    let blocks = blocks.into_iter().enumerate().map(|(at, block)| {
        let mut block = Fields::of(block, list.item(at))?;
        if let Some(data) = block.text("data")? {
            return Ok(Part::of(Content::RedactedThinking(data)));
        }
        Ok(Part::of(Content::Thinking(Thinking {
            text: block.text("thinking")?.unwrap_or_default(),
            signature: block.text("signature")?,
        })))
    });
    blocks.collect()
}

fn tool_call(call: Value, path: Path<'_>) -> Result<ToolUse, Untranslatable> {
    let mut fields = Fields::of(call, path)?;
    let id = fields.needed_text("id")?;
    let kind = fields
        .text("type")?
        .unwrap_or_else(|| "function".to_owned());
    let (custom, arguments) = match kind.as_str() {
        "function" => (false, "arguments"),
        "custom" => (true, "input"),
        _ => return Err(path.field("type").wrong("function or custom")),
    };
    let inner = fields
        .take(&kind)
        .ok_or_else(|| fields.missing(&kind, "an object"))?;
    let mut inner = Fields::of(inner, path.field(&kind))?;
    Ok(ToolUse {
        id,
        name: inner.needed_text("name")?,
        arguments: inner.text(arguments)?.unwrap_or_default(),
        custom,
    })
}

fn result(mut fields: Fields<'_>) -> Result<Part, Untranslatable> {
    let tool_use_id = fields.needed_text("tool_call_id")?;
    let parts = contents(&mut fields)?;
    // Some clients repeat the name of the tool, which the call has said.
    fields.take("name");
    Ok(Part {
        content: Content::ToolResult(ToolResult {
            tool_use_id,
            parts,
            is_error: false,
            custom: false,
        }),
        cache: None,
        extra: fields.rest(),
    })
}

/// Results that follow one another are one turn.
fn add_result(messages: &mut Vec<Message>, result: Part) {
    let is_result = |part: &Part| matches!(part.content, Content::ToolResult(_));
    match messages.last_mut() {
        Some(last)
            if last.role == Role::User
                && last.parts.iter().all(is_result)
                && !last.parts.is_empty() =>
        {
            last.parts.push(result);
        }
        _ => messages.push(Message::of(Role::User, vec![result])),
    }
}
