//! Messages and their parts, written.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{request_out::WHOSE, signature};
use crate::llm_integration::dialects::{
    Dialect, Losses, Untranslatable,
    chat::{Content, Document, Image, Message, Part, Request, Role, Source, ToolResult, ToolUse},
};

/// Media types by the end of an address: Gemini must be told what it will find there.
const TYPES: &[(&str, &str)] = &[
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".webp", "image/webp"),
    (".gif", "image/gif"),
    (".heic", "image/heic"),
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
];

/// What a request says, in Gemini's turns.
pub(super) struct Conversation {
    /// Parts of the instruction.
    pub system: Vec<Value>,
    pub contents: Vec<Value>,
}

struct Writer<'a> {
    request: &'a Request,
    losses: &'a mut Losses,
    /// The tool of each call so far: a result must name it.
    names: BTreeMap<&'a str, &'a str>,
}

pub(super) fn encode(
    request: &Request,
    losses: &mut Losses,
) -> Result<Conversation, Untranslatable> {
    let mut writer = Writer {
        request,
        losses,
        names: BTreeMap::new(),
    };
    let mut system = writer.parts(&request.system, "system")?;
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for (at, message) in request.messages.iter().enumerate() {
        let path = format!("messages[{at}]");
        let parts = writer.message(message, &path)?;
        let role = match message.role {
            Role::System => {
                // There are no instructions within a conversation.
                writer.losses.note(format!("{path}.role"));
                system.extend(parts);
                continue;
            }
            Role::User => "user",
            Role::Assistant => "model",
        };
        match turns.last_mut() {
            // Results of tools that were called together come together.
            Some((last, said)) if *last == role => said.extend(parts),
            _ => turns.push((role, parts)),
        }
    }
    let written = turns.into_iter().filter(|(_, parts)| !parts.is_empty());
    let contents = written.map(|(role, parts)| json!({ "role": role, "parts": parts }));
    Ok(Conversation {
        system,
        contents: contents.collect(),
    })
}

impl<'a> Writer<'a> {
    fn message(&mut self, message: &'a Message, path: &str) -> Result<Vec<Value>, Untranslatable> {
        if message.name.is_some() {
            let why =
                format!("{WHOSE} does not tell participants apart; say who speaks in the text");
            self.losses.lose(format!("{path}.name"), why)?;
        }
        self.losses
            .lose_all(format_args!("{path}."), &message.extra, WHOSE)?;
        let mut parts = self.parts(&message.parts, path)?;
        let unsigned = signature::missing(&self.request.model);
        let first_call = parts
            .iter_mut()
            .find(|part| part.get("functionCall").is_some());
        if let Some((call, substitute)) = first_call.zip(unsigned)
            && call.get("thoughtSignature").is_none()
        {
            call["thoughtSignature"] = substitute.into();
        }
        Ok(parts)
    }

    fn parts(&mut self, parts: &'a [Part], path: &str) -> Result<Vec<Value>, Untranslatable> {
        let mut written = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            let path = format!("{path}.content[{at}]");
            if part.cache.is_some() {
                self.losses.note("cache_control");
            }
            self.losses
                .lose_all(format_args!("{path}."), &part.extra, WHOSE)?;
            written.extend(self.part(&part.content, &path)?);
        }
        Ok(written)
    }

    fn part(&mut self, content: &'a Content, path: &str) -> Result<Option<Value>, Untranslatable> {
        match content {
            Content::Text(text) | Content::Refusal(text) if text.is_empty() => Ok(None),
            Content::Text(text) | Content::Refusal(text) => Ok(Some(json!({ "text": text }))),
            Content::Image(image) => self.image(image, path),
            Content::Audio { data, format } => Ok(Some(inline(&format!("audio/{format}"), data))),
            Content::Document(document) => self.document(document, path),
            Content::ToolUse(call) => self.call(call, path),
            Content::ToolResult(result) => self.result(result, path).map(Some),
            Content::Thinking(_) | Content::RedactedThinking(_) => {
                // It reads back no thinking but its own, which travels with calls.
                self.losses.note("reasoning_content");
                Ok(None)
            }
            Content::Opaque(opaque) if opaque.dialect == Dialect::Gemini => {
                Ok(Some(opaque.value.clone()))
            }
            Content::Opaque(opaque) => {
                let why = format!("{WHOSE} reads no part of the type `{}`", opaque.kind);
                self.losses.lose(path, why)?;
                Ok(None)
            }
        }
    }

    fn image(&mut self, image: &Image, path: &str) -> Result<Option<Value>, Untranslatable> {
        if image.detail.as_ref().is_some_and(|detail| detail != "auto") {
            self.losses.note("image_url.detail");
        }
        self.source(&image.source, path)
    }

    fn document(
        &mut self,
        document: &Document,
        path: &str,
    ) -> Result<Option<Value>, Untranslatable> {
        if document.title.is_some() {
            self.losses.note(format!("{path}.title"));
        }
        self.source(&document.source, path)
    }

    fn source(&mut self, source: &Source, path: &str) -> Result<Option<Value>, Untranslatable> {
        let why = match source {
            Source::Base64 { media_type, data } => return Ok(Some(inline(media_type, data))),
            Source::Text(text) => return Ok(Some(json!({ "text": text }))),
            Source::File {
                dialect: Dialect::Gemini,
                id,
            } => return Ok(Some(json!({ "fileData": { "fileUri": id } }))),
            Source::Url(url) => match type_of(url) {
                Some(media_type) => {
                    let file = json!({ "fileUri": url, "mimeType": media_type });
                    return Ok(Some(json!({ "fileData": file })));
                }
                None => format!(
                    "{WHOSE} must be told the type of what is there; send the bytes, or an address \
                     that ends like .png or .pdf"
                ),
            },
            Source::File { .. } => format!("{WHOSE} does not have this file; send its bytes"),
        };
        self.losses.lose(path, why)?;
        Ok(None)
    }

    fn call(&mut self, call: &'a ToolUse, path: &str) -> Result<Option<Value>, Untranslatable> {
        self.names.insert(&call.id, &call.name);
        let Some(args) = call.input().filter(|_| !call.custom) else {
            let why = format!("{WHOSE} takes arguments that are a JSON object");
            self.losses.lose(path, why)?;
            return Ok(None);
        };
        let (id, signature) = signature::of_id(&call.id);
        let mut part = json!({ "functionCall": { "id": id, "name": call.name, "args": args } });
        if let Some(signature) = signature {
            part["thoughtSignature"] = signature.into();
        }
        Ok(Some(part))
    }

    fn result(&mut self, result: &'a ToolResult, path: &str) -> Result<Value, Untranslatable> {
        let id = result.tool_use_id.as_str();
        let Some(name) = self.names.get(id).copied() else {
            let why = format!("no call before it has the id `{id}`");
            return Err(Untranslatable::new(path, why));
        };
        let mut text = String::new();
        let mut media = Vec::new();
        for (at, part) in result.parts.iter().enumerate() {
            match &part.content {
                Content::Text(more) => text.push_str(more),
                other => media.extend(self.part(other, &format!("{path}.content[{at}]"))?),
            }
        }
        let response = match serde_json::from_str::<Map<String, Value>>(&text) {
            _ if result.is_error => json!({ "error": text }),
            Ok(object) => object.into(),
            Err(_) => json!({ "result": text }),
        };
        let mut function = json!({
            "id": signature::of_id(id).0, "name": name, "response": response,
        });
        if !media.is_empty() {
            function["parts"] = media.into();
        }
        Ok(json!({ "functionResponse": function }))
    }
}

fn inline(media_type: &str, data: &str) -> Value {
    json!({ "inlineData": { "mimeType": media_type, "data": data } })
}

fn type_of(url: &str) -> Option<&'static str> {
    let path = url
        .split(['?', '#'])
        .next()
        .unwrap_or(url)
        .to_ascii_lowercase();
    TYPES
        .iter()
        .find(|(end, _)| path.ends_with(end))
        .map(|(_, media_type)| *media_type)
}
