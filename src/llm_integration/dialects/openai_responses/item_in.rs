//! The items of a conversation, read: those of one turn become one message.

use serde_json::Value;

use super::part_in;
use crate::llm_integration::dialects::{
    Dialect, Fields, Path, Untranslatable,
    chat::{Content, Message, Opaque, Part, Role, Thinking, ToolResult, ToolUse},
};

/// Before the `encrypted_content` of thinking that not even its text is shown of.
pub(super) const REDACTED: &str = "redacted_thinking:";

/// Instructions and messages.
pub(super) fn decode_all(
    fields: &mut Fields<'_>,
) -> Result<(Vec<Part>, Vec<Message>), Untranslatable> {
    let root = fields.path;
    let list = root.field("input");
    let mut reading = Reading::default();
    reading
        .system
        .extend(fields.text("instructions")?.map(Part::text));
    match fields.take("input") {
        // A prompt that OpenAI keeps may be all.
        None => {}
        Some(Value::String(text)) => reading.add(Role::User, vec![Part::text(text)]),
        Some(Value::Array(items)) => {
            for (at, item) in items.into_iter().enumerate() {
                reading.item(item, list.item(at))?;
            }
        }
        Some(_) => return Err(list.wrong("a string or a list of items")),
    }
    Ok((reading.system, reading.messages))
}

#[derive(Default)]
struct Reading {
    system: Vec<Part>,
    messages: Vec<Message>,
}

impl Reading {
    fn item(&mut self, item: Value, path: Path<'_>) -> Result<(), Untranslatable> {
        let mut fields = Fields::of(item, path)?;
        let kind = fields.text("type")?;
        match kind.as_deref() {
            None | Some("message") => self.message(fields)?,
            Some("function_call") => self.call(fields, "arguments", false)?,
            Some("custom_tool_call") => self.call(fields, "input", true)?,
            Some("function_call_output") => self.result(fields, false)?,
            Some("custom_tool_call_output") => self.result(fields, true)?,
            Some("reasoning") => {
                let part = reasoning(fields)?;
                self.add(Role::Assistant, vec![part]);
            }
            Some(other) => {
                let role = if other.ends_with("_output") {
                    Role::User
                } else {
                    Role::Assistant
                };
                let kind = other.to_owned();
                let mut value = fields.rest();
                value.shift_insert(0, "type".to_owned(), kind.clone().into());
                let opaque = Opaque {
                    dialect: Dialect::OpenAiResponses,
                    kind,
                    value: value.into(),
                };
                self.add(role, vec![Part::of(Content::Opaque(opaque))]);
            }
        }
        Ok(())
    }

    /// What the model did in one turn is one message; so are the results that follow.
    fn add(&mut self, role: Role, parts: Vec<Part>) {
        let is_result = |part: &Part| matches!(part.content, Content::ToolResult(_));
        match self.messages.last_mut() {
            Some(last)
                if last.role == role
                    && last.extra.is_empty()
                    && (role == Role::Assistant
                        || (parts.iter().all(is_result) && last.parts.iter().all(is_result))) =>
            {
                last.parts.extend(parts);
            }
            _ => self.messages.push(Message::of(role, parts)),
        }
    }

    fn message(&mut self, mut fields: Fields<'_>) -> Result<(), Untranslatable> {
        let path = fields.path;
        let role = fields.needed_text("role")?;
        let parts = part_in::contents(&mut fields, "content")?;
        // The id names what OpenAI made; the words are what counts.
        for name in ["id", "status", "phase"] {
            fields.take(name);
        }
        if let Some(name) = fields.rest().keys().next() {
            return Err(path.field(name).wrong("left out: items have no such field"));
        }
        match role.as_str() {
            "user" => self.messages.push(Message::of(Role::User, parts)),
            "assistant" => self.add(Role::Assistant, parts),
            "system" | "developer" if self.messages.is_empty() => self.system.extend(parts),
            "system" | "developer" => self.messages.push(Message::of(Role::System, parts)),
            _ => {
                return Err(path
                    .field("role")
                    .wrong("user, assistant, system or developer"));
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        mut fields: Fields<'_>,
        arguments: &str,
        custom: bool,
    ) -> Result<(), Untranslatable> {
        let call = ToolUse {
            id: fields.needed_text("call_id")?,
            name: fields.needed_text("name")?,
            arguments: fields.text(arguments)?.unwrap_or_default(),
            custom,
        };
        fields.take("id");
        let part = Part {
            content: Content::ToolUse(call),
            cache: None,
            extra: fields.rest(),
        };
        self.add(Role::Assistant, vec![part]);
        Ok(())
    }

    fn result(&mut self, mut fields: Fields<'_>, custom: bool) -> Result<(), Untranslatable> {
        let result = ToolResult {
            tool_use_id: fields.needed_text("call_id")?,
            parts: part_in::contents(&mut fields, "output")?,
            is_error: false,
            custom,
        };
        for name in ["id", "name"] {
            fields.take(name);
        }
        let part = Part {
            content: Content::ToolResult(result),
            cache: None,
            extra: fields.rest(),
        };
        self.add(Role::User, vec![part]);
        Ok(())
    }
}

fn reasoning(mut fields: Fields<'_>) -> Result<Part, Untranslatable> {
    let signature = fields.text("encrypted_content")?;
    let mut texts = texts_of(&mut fields, "summary")?;
    texts.extend(texts_of(&mut fields, "content")?);
    let content = match signature {
        Some(signature) if signature.starts_with(REDACTED) => {
            Content::RedactedThinking(signature[REDACTED.len()..].to_owned())
        }
        signature => Content::Thinking(Thinking {
            text: texts.join("\n\n"),
            signature,
        }),
    };
    // OpenAI wants its id back, others have none.
    let id = fields.take("id");
    fields.take("status");
    let mut extra = fields.rest();
    if let Some(id) = id {
        extra.insert("id".to_owned(), id);
    }
    Ok(Part {
        content,
        cache: None,
        extra,
    })
}

fn texts_of(fields: &mut Fields<'_>, name: &str) -> Result<Vec<String>, Untranslatable> {
    let path = fields.path;
    let list = path.field(name);
    let parts = fields.list(name)?.unwrap_or_default();
    let texts = parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| Fields::of(part, list.item(at))?.needed_text("text"));
    texts.collect()
}
