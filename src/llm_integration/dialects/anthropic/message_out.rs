//! Messages, written.

use serde_json::{Map, Value};

use super::{block_out, request_in::is_empty_text, request_out::WHOSE};
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{Content, Message, Part, Request, Role},
};

/// Instructions; `None` without any.
pub(super) fn system(
    request: &Request,
    losses: &mut Losses,
) -> Result<Option<Value>, Untranslatable> {
    let parts: Vec<_> = request
        .system
        .iter()
        .filter(|part| !is_empty_text(part))
        .collect();
    match parts.as_slice() {
        [] => Ok(None),
        [one] if is_plain_text(one) => Ok(text_of(one).map(Value::from)),
        several => blocks(several, "system", request.dialect, losses).map(Some),
    }
}

pub(super) fn encode_all(request: &Request, losses: &mut Losses) -> Result<Value, Untranslatable> {
    let mut messages = Vec::with_capacity(request.messages.len());
    for (at, message) in request.messages.iter().enumerate() {
        let path = format!("messages[{at}]");
        let encoded = encode(message, &path, request.dialect, losses)?;
        messages.extend(encoded.map(Value::Object));
    }
    Ok(messages.into())
}

fn encode(
    message: &Message,
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Option<Map<String, Value>>, Untranslatable> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let mut parts: Vec<_> = message
        .parts
        .iter()
        .filter(|part| !is_empty_text(part))
        .collect();
    // Results must come first, whatever else the turn says.
    parts.sort_by_key(|part| !matches!(part.content, Content::ToolResult(_)));
    let content = match parts.as_slice() {
        [one] if is_plain_text(one) => text_of(one).unwrap_or_default().into(),
        several => blocks(several, path, from, losses)?,
    };
    let is_empty = content.as_array().is_some_and(Vec::is_empty);
    if is_empty && message.role == Role::Assistant {
        return Ok(None);
    }
    let mut fields = Map::new();
    fields.insert("role".to_owned(), role.into());
    fields.insert("content".to_owned(), content);
    if message.name.is_some() {
        losses.lose(
            format!("{path}.name"),
            format!("{WHOSE} does not tell participants apart; say who speaks in the text"),
        )?;
    }
    if from == Dialect::Anthropic {
        fields.extend(message.extra.clone());
    } else {
        losses.lose_all(format_args!("{path}."), &message.extra, WHOSE)?;
    }
    Ok(Some(fields))
}

fn blocks(
    parts: &[&Part],
    path: &str,
    from: Dialect,
    losses: &mut Losses,
) -> Result<Value, Untranslatable> {
    let mut blocks = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let path = format!("{path}.content[{at}]");
        let block = block_out::encode(part, &path, from, losses)?;
        blocks.extend(block.map(Value::Object));
    }
    Ok(blocks.into())
}

fn is_plain_text(part: &Part) -> bool {
    matches!(part.content, Content::Text(_)) && part.cache.is_none() && part.extra.is_empty()
}

fn text_of(part: &Part) -> Option<&str> {
    match &part.content {
        Content::Text(text) => Some(text),
        _ => None,
    }
}
