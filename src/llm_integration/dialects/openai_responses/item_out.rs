//! The items of a conversation, written.

use serde_json::{Map, Value, json};

use super::{item_in::REDACTED, request_out::WHOSE};
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{Content, Document, Message, Part, Request, Role, Source, Thinking, ToolResult},
    data_url,
};

/// What goes before the text of a result that is an error, which this dialect can not mark.
const ERROR_MARK: &str = "Error: ";

/// The texts among parts.
pub(super) fn texts(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match &part.content {
        Content::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

pub(super) fn encode_all(request: &Request, losses: &mut Losses) -> Result<Value, Untranslatable> {
    let mut writing = Writing {
        items: Vec::new(),
        from: request.dialect,
        losses,
    };
    if !request.system.is_empty() {
        writing.message("developer", request.system.iter(), "system")?;
    }
    for (at, message) in request.messages.iter().enumerate() {
        writing.turn(message, &format!("messages[{at}]"))?;
    }
    Ok(writing.items.into())
}

struct Writing<'a> {
    items: Vec<Value>,
    from: Dialect,
    losses: &'a mut Losses,
}

impl Writing<'_> {
    /// Neighbouring parts that a message can hold are one; others are items of their own.
    fn turn(&mut self, message: &Message, path: &str) -> Result<(), Untranslatable> {
        let role = match message.role {
            Role::System => "developer",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        if message.name.is_some() {
            let why = format!("{WHOSE} do not tell participants apart; say it in the text");
            self.losses.lose(format!("{path}.name"), why)?;
        }
        self.losses
            .lose_all(format_args!("{path}."), &message.extra, WHOSE)?;
        let mut said: Vec<&Part> = Vec::new();
        for part in &message.parts {
            if is_item(&part.content, self.from) {
                self.flush(role, &mut said, path)?;
                self.item(part, path)?;
            } else {
                said.push(part);
            }
        }
        self.flush(role, &mut said, path)
    }

    fn flush(
        &mut self,
        role: &str,
        said: &mut Vec<&Part>,
        path: &str,
    ) -> Result<(), Untranslatable> {
        if said.is_empty() {
            return Ok(());
        }
        self.message(role, said.drain(..), path)
    }

    fn message<'p>(
        &mut self,
        role: &str,
        parts: impl Iterator<Item = &'p Part>,
        path: &str,
    ) -> Result<(), Untranslatable> {
        let content = self.contents(role == "assistant", parts, path)?;
        self.items
            .push(json!({ "type": "message", "role": role, "content": content }));
        Ok(())
    }

    fn contents<'p>(
        &mut self,
        by_model: bool,
        parts: impl Iterator<Item = &'p Part>,
        path: &str,
    ) -> Result<Vec<Value>, Untranslatable> {
        let mut contents = Vec::new();
        for (at, part) in parts.enumerate() {
            let path = format!("{path}.content[{at}]");
            let Value::Object(mut fields) = self.content(part, by_model, &path)? else {
                continue;
            };
            if part.cache.is_some() {
                if self.from == Dialect::Anthropic {
                    self.losses.note("cache_control");
                } else if !by_model {
                    let mark = json!({ "mode": "explicit" });
                    fields.insert("prompt_cache_breakpoint".to_owned(), mark);
                }
            }
            self.extra(part, &mut fields, &path)?;
            contents.push(fields.into());
        }
        Ok(contents)
    }

    fn extra(
        &mut self,
        part: &Part,
        fields: &mut Map<String, Value>,
        path: &str,
    ) -> Result<(), Untranslatable> {
        if self.from == Dialect::OpenAiResponses {
            fields.extend(part.extra.clone());
            return Ok(());
        }
        self.losses
            .lose_all(format_args!("{path}."), &part.extra, WHOSE)
    }

    /// `Null` when it was dropped.
    fn content(
        &mut self,
        part: &Part,
        by_model: bool,
        path: &str,
    ) -> Result<Value, Untranslatable> {
        let content = match &part.content {
            Content::Text(text) if by_model => {
                json!({ "type": "output_text", "text": text, "annotations": [] })
            }
            Content::Text(text) => json!({ "type": "input_text", "text": text }),
            Content::Refusal(refusal) => json!({ "type": "refusal", "refusal": refusal }),
            Content::Image(image) => {
                let detail = image.detail.as_deref().unwrap_or("auto");
                match place(&image.source) {
                    Some((name, place)) => {
                        let name = if name == "file_id" { name } else { "image_url" };
                        json!({ "type": "input_image", "detail": detail, name: place })
                    }
                    None => return self.lost(part, path),
                }
            }
            Content::Document(document) => match file(document) {
                Some(file) => file,
                None => return self.lost(part, path),
            },
            Content::Opaque(opaque) if opaque.dialect == self.from => opaque.value.clone(),
            _ => return self.lost(part, path),
        };
        Ok(content)
    }

    fn lost(&mut self, part: &Part, path: &str) -> Result<Value, Untranslatable> {
        let why = format!("{WHOSE} can not hold this {}", part.content.name());
        self.losses.lose(path, why)?;
        Ok(Value::Null)
    }

    fn item(&mut self, part: &Part, path: &str) -> Result<(), Untranslatable> {
        let item = match &part.content {
            Content::ToolUse(call) if call.custom => json!({ "type": "custom_tool_call",
                "call_id": call.id, "name": call.name, "input": call.arguments }),
            Content::ToolUse(call) => json!({ "type": "function_call", "call_id": call.id,
                "name": call.name, "arguments": call.arguments }),
            Content::ToolResult(result) => self.result(result, path)?,
            Content::Opaque(opaque) => opaque.value.clone(),
            Content::Thinking(thinking) if part.extra.contains_key("id") => reasoning(thinking),
            // Thinking goes back only to who gave its item a name.
            _ => {
                self.losses.note("thinking");
                return Ok(());
            }
        };
        if let Value::Object(mut fields) = item {
            self.extra(part, &mut fields, path)?;
            self.items.push(fields.into());
        }
        Ok(())
    }

    fn result(&mut self, result: &ToolResult, path: &str) -> Result<Value, Untranslatable> {
        let kind = if result.custom {
            "custom_tool_call_output"
        } else {
            "function_call_output"
        };
        let mark = if result.is_error { ERROR_MARK } else { "" };
        let output = match result.parts.as_slice() {
            [] => mark.into(),
            [
                Part {
                    content: Content::Text(text),
                    cache: None,
                    extra,
                },
            ] if extra.is_empty() => format!("{mark}{text}").into(),
            several => {
                let mut output = self.contents(false, several.iter(), path)?;
                if result.is_error {
                    output.insert(0, json!({ "type": "input_text", "text": ERROR_MARK }));
                }
                Value::from(output)
            }
        };
        Ok(json!({ "type": kind, "call_id": result.tool_use_id, "output": output }))
    }
}

fn is_item(content: &Content, from: Dialect) -> bool {
    match content {
        Content::ToolUse(_)
        | Content::ToolResult(_)
        | Content::Thinking(_)
        | Content::RedactedThinking(_) => true,
        Content::Opaque(opaque) => {
            opaque.dialect == Dialect::OpenAiResponses
                && from == Dialect::OpenAiResponses
                && !opaque.kind.starts_with("input_")
        }
        _ => false,
    }
}

fn reasoning(thinking: &Thinking) -> Value {
    let summary = if thinking.text.is_empty() {
        json!([])
    } else {
        json!([{ "type": "summary_text", "text": thinking.text }])
    };
    let mut item = json!({ "type": "reasoning", "summary": summary });
    if let Some(signature) = &thinking.signature {
        item["encrypted_content"] = signature.as_str().into();
    }
    item
}

/// An item of thinking that shows nothing of itself.
pub(super) fn redacted(data: &str) -> String {
    format!("{REDACTED}{data}")
}

/// The field that says where the bytes are, and what it says.
fn place(source: &Source) -> Option<(&'static str, String)> {
    match source {
        Source::Base64 { media_type, data } => Some(("file_data", data_url::of(media_type, data))),
        Source::Url(url) => Some(("file_url", url.clone())),
        Source::File {
            dialect: Dialect::OpenAiChat | Dialect::OpenAiResponses,
            id,
        } => Some(("file_id", id.clone())),
        Source::File { .. } | Source::Text(_) => None,
    }
}

fn file(document: &Document) -> Option<Value> {
    if let Source::Text(text) = &document.source {
        let title = document.title.iter().map(|title| format!("{title}\n\n"));
        let text = title.chain([text.clone()]).collect::<String>();
        return Some(json!({ "type": "input_text", "text": text }));
    }
    let (name, place) = place(&document.source)?;
    let mut file = json!({ "type": "input_file", name: place });
    if let Some(title) = document.title.as_ref().filter(|_| name == "file_data") {
        file["filename"] = title.as_str().into();
    }
    Some(file)
}
