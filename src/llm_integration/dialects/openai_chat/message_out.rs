//! Messages, written: results of tools become messages of their own.

use serde_json::{Map, Value, json};

use super::{part_out, request_out::WHOSE};
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{Content, Message, Part, Request, Role, ToolResult, ToolUse},
};

/// What goes before the text of a result that is an error, which this dialect can not mark.
const ERROR_MARK: &str = "Error: ";

pub(super) fn encode_all(request: &Request, losses: &mut Losses) -> Result<Value, Untranslatable> {
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    if !request.system.is_empty() {
        let content = part_out::contents(&request.system, "system", request.dialect, losses)?;
        messages.push(json!({ "role": "system", "content": content }));
    }
    for (at, message) in request.messages.iter().enumerate() {
        let path = format!("messages[{at}]");
        match message.role {
            Role::System => {
                let encoded = plain("system", message, &path, request.dialect, losses)?;
                messages.push(encoded.into());
            }
            Role::User => user(message, &path, request.dialect, &mut messages, losses)?,
            Role::Assistant => {
                let encoded = assistant(message, &path, request.dialect, losses)?;
                messages.extend(encoded.map(Value::Object));
            }
        }
    }
    let ends_with_answer = request
        .messages
        .last()
        .is_some_and(|m| m.role == Role::Assistant);
    losses.lose_if(
        ends_with_answer && request.dialect == Dialect::Anthropic,
        &format!("messages[{}]", request.messages.len().saturating_sub(1)),
        "OpenAI's models do not continue an answer that is begun for them; end with a message of the user's",
    )?;
    Ok(messages.into())
}

fn plain(
    role: &str,
    message: &Message,
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Untranslatable> {
    let content = part_out::contents(&message.parts, path, from, losses)?;
    head(role, content, message, path, from, losses)
}

fn head(
    role: &str,
    content: Value,
    message: &Message,
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Untranslatable> {
    let mut fields = Map::new();
    fields.insert("role".to_owned(), role.into());
    fields.insert("content".to_owned(), content);
    if let Some(name) = &message.name {
        fields.insert("name".to_owned(), name.as_str().into());
    }
    if from == Dialect::OpenAiChat {
        fields.extend(message.extra.clone());
    } else {
        losses.lose_all(format_args!("{path}."), &message.extra, WHOSE)?;
    }
    Ok(fields)
}

/// Results first, each a message, as they must follow the calls; then what else the user says, and
/// what results hold that only a user's message can: images and files.
fn user(
    message: &Message,
    path: &str,
    from: Dialect,
    messages: &mut Vec<Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    let (mut of_results, mut others) = (Vec::new(), Vec::new());
    for part in &message.parts {
        if let Content::ToolResult(result) = &part.content {
            messages.push(tool_result(
                part,
                result,
                path,
                from,
                &mut of_results,
                losses,
            )?);
        } else {
            others.push(part.clone());
        }
    }
    let has_results = others.len() < message.parts.len();
    of_results.extend(others);
    if has_results && of_results.is_empty() {
        return Ok(());
    }
    let said = Message {
        parts: of_results,
        ..message.clone()
    };
    messages.push(plain("user", &said, path, from, losses)?.into());
    Ok(())
}

fn tool_result(
    part: &Part,
    result: &ToolResult,
    path: &str,
    from: Dialect,
    beside: &mut Vec<Part>,
    losses: &mut Losses,
) -> Result<Value, Untranslatable> {
    if part.cache.is_some() {
        losses.note("cache_control");
    }
    if from != Dialect::OpenAiChat {
        losses.lose_all(format_args!("{path}.tool_result."), &part.extra, WHOSE)?;
    }
    let is_text = |part: &&Part| matches!(part.content, Content::Text(_));
    let mut texts: Vec<Part> = result.parts.iter().filter(is_text).cloned().collect();
    let seen: Vec<Part> = result
        .parts
        .iter()
        .filter(|part| !is_text(part))
        .cloned()
        .collect();
    if !seen.is_empty() {
        if texts.is_empty() {
            texts.push(Part::text("The result is in the next message."));
        }
        beside.push(Part::text(format!(
            "From the tool call {}:",
            result.tool_use_id
        )));
        beside.extend(seen);
    }
    if result.is_error {
        match texts.first_mut().map(|part| &mut part.content) {
            Some(Content::Text(text)) => text.insert_str(0, ERROR_MARK),
            _ => texts.push(Part::text(ERROR_MARK)),
        }
    }
    let content = if texts.is_empty() {
        Value::String(String::new())
    } else {
        part_out::contents(&texts, path, from, losses)?
    };
    Ok(json!({ "role": "tool", "tool_call_id": result.tool_use_id, "content": content }))
}

fn assistant(
    message: &Message,
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Option<Map<String, Value>>, Untranslatable> {
    let (mut said, mut calls) = (Vec::new(), Vec::new());
    for part in &message.parts {
        match &part.content {
            Content::ToolUse(call) => {
                if part.cache.is_some() {
                    losses.note("cache_control");
                }
                calls.push(tool_call(call));
            }
            // OpenAI's models do not get their own thinking back in this API.
            Content::Thinking(_) | Content::RedactedThinking(_) => losses.note("thinking"),
            _ => said.push(part.clone()),
        }
    }
    let content = if said.is_empty() {
        Value::Null
    } else {
        part_out::contents(&said, path, from, losses)?
    };
    let says_nothing = content.as_array().is_some_and(Vec::is_empty) || content.is_null();
    if says_nothing && calls.is_empty() && !message.parts.is_empty() {
        // All of it was left out.
        return Ok(None);
    }
    let mut fields = head("assistant", content, message, path, from, losses)?;
    if !calls.is_empty() {
        fields.insert("tool_calls".to_owned(), calls.into());
    }
    Ok(Some(fields))
}

/// A tool's call as messages hold it.
pub(super) fn tool_call(call: &ToolUse) -> Value {
    if call.custom {
        json!({ "id": call.id, "type": "custom",
            "custom": { "name": call.name, "input": call.arguments } })
    } else {
        let arguments = if call.arguments.is_empty() {
            "{}"
        } else {
            &call.arguments
        };
        json!({ "id": call.id, "type": "function",
            "function": { "name": call.name, "arguments": arguments } })
    }
}
