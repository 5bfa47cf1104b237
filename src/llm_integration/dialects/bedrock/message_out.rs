//! Messages, written.

use serde_json::{Value, json};

use super::{
    block_out::{self, cache_point},
    request_out::WHOSE,
};
use crate::llm_integration::dialects::{
    Losses, Untranslatable,
    chat::{Content, Message, Part, Request, Role},
};

/// Instructions, in blocks.
pub(super) fn system(request: &Request, losses: &mut Losses) -> Result<Vec<Value>, Untranslatable> {
    blocks(&request.system, "system", losses)
}

/// Turns alternate there: what one side says in several messages is one.
pub(super) fn encode_all(
    request: &Request,
    losses: &mut Losses,
) -> Result<Vec<Value>, Untranslatable> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for (at, message) in request.messages.iter().enumerate() {
        let said = encode(message, &format!("messages[{at}]"), losses)?;
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        match turns.last_mut() {
            Some((last, before)) if *last == role => before.extend(said),
            _ => turns.push((role, said)),
        }
    }
    let written = turns.into_iter().filter(|(_, said)| !said.is_empty());
    Ok(written
        .map(|(role, content)| json!({ "role": role, "content": content }))
        .collect())
}

fn encode(
    message: &Message,
    path: &str,
    losses: &mut Losses,
) -> Result<Vec<Value>, Untranslatable> {
    if message.name.is_some() {
        let why = format!("{WHOSE} does not tell participants apart; say who speaks in the text");
        losses.lose(format!("{path}.name"), why)?;
    }
    losses.lose_all(format_args!("{path}."), &message.extra, WHOSE)?;
    // Results must come first, whatever else the turn says.
    let is_result = |part: &&Part| matches!(part.content, Content::ToolResult(_));
    let results: Vec<Part> = message.parts.iter().filter(is_result).cloned().collect();
    let others: Vec<Part> = message
        .parts
        .iter()
        .filter(|part| !is_result(part))
        .cloned()
        .collect();
    let mut written = blocks(&results, path, losses)?;
    written.extend(blocks(&others, path, losses)?);
    Ok(written)
}

fn blocks(parts: &[Part], path: &str, losses: &mut Losses) -> Result<Vec<Value>, Untranslatable> {
    let mut written = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let path = format!("{path}.content[{at}]");
        losses.lose_all(format_args!("{path}."), &part.extra, WHOSE)?;
        let block = block_out::encode(&part.content, &path, losses)?;
        // What was dropped leaves no mark.
        let mark = block.is_some().then(|| cache_point(part.cache)).flatten();
        written.extend(block.into_iter().chain(mark));
    }
    Ok(written)
}
