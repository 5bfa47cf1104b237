//! What a version says: one text, or messages with placeholders among them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    limits::{
        MESSAGES_MAX, ROLE_MAX_CHARS, TEXT_MAX_BYTES, require_at_most, require_chars,
        require_no_nul,
    },
    template,
};
use crate::prompt::PromptError;

/// The kind of a prompt; every version of a prompt has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PromptKind)]
pub enum Kind {
    Text,
    Chat,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Chat => "chat",
        }
    }

    /// # Errors
    /// `prompt_invalid`, naming both kinds.
    pub fn parse(name: &str) -> Result<Self, PromptError> {
        match name {
            "text" => Ok(Self::Text),
            "chat" => Ok(Self::Chat),
            other => Err(PromptError::invalid(
                "type",
                format!("is `{other}`; it must be `text` or `chat`"),
            )),
        }
    }
}

/// The content of a version. Its JSON is the same in the database and on every API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = PromptContent)]
pub enum Content {
    Text(String),
    Chat(Vec<ChatItem>),
}

/// One entry of a chat prompt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
#[schema(as = PromptChatItem)]
pub enum ChatItem {
    #[serde(rename = "chatmessage")]
    Message { role: String, content: String },
    /// Where a caller puts messages of its own when it compiles the prompt.
    #[serde(rename = "placeholder")]
    Placeholder { name: String },
}

/// What to do with a message's fields that no prompt has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownFields {
    Refuse,
    /// As Langfuse does.
    Drop,
}

impl Content {
    /// # Errors
    /// `prompt_invalid`, naming the message and the rule it breaks.
    pub fn parse(kind: Kind, json: Value, unknown: UnknownFields) -> Result<Self, PromptError> {
        let content = match (kind, json) {
            (Kind::Text, Value::String(text)) => Self::Text(text),
            (Kind::Chat, Value::Array(items)) => {
                require_at_most("prompt", items.len(), MESSAGES_MAX, "messages")?;
                let items = items.into_iter().enumerate();
                Self::Chat(
                    items
                        .map(|(at, item)| ChatItem::parse(at, item, unknown))
                        .collect::<Result<_, _>>()?,
                )
            }
            (Kind::Text, _) => {
                return Err(PromptError::invalid(
                    "prompt",
                    "must be a string in a text prompt",
                ));
            }
            (Kind::Chat, _) => {
                return Err(PromptError::invalid(
                    "prompt",
                    "must be an array in a chat prompt",
                ));
            }
        };
        content.require_sound()?;
        Ok(content)
    }

    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Chat(_) => Kind::Chat,
        }
    }

    /// The templates in it: the text, or each message's content.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        let (text, items) = match self {
            Self::Text(text) => (Some(text.as_str()), [].as_slice()),
            Self::Chat(items) => (None, items.as_slice()),
        };
        text.into_iter()
            .chain(items.iter().filter_map(|item| match item {
                ChatItem::Message { content, .. } => Some(content.as_str()),
                ChatItem::Placeholder { .. } => None,
            }))
    }

    /// The same content with every template replaced by what `change` makes of it.
    pub fn map_templates<E>(
        &self,
        mut change: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Self, E> {
        Ok(match self {
            Self::Text(text) => Self::Text(change(text)?),
            Self::Chat(items) => {
                let item = |item: &ChatItem| match item {
                    ChatItem::Message { role, content } => Ok(ChatItem::Message {
                        role: role.clone(),
                        content: change(content)?,
                    }),
                    placeholder @ ChatItem::Placeholder { .. } => Ok(placeholder.clone()),
                };
                Self::Chat(items.iter().map(item).collect::<Result<_, _>>()?)
            }
        })
    }

    pub fn variables(&self) -> BTreeSet<&str> {
        self.templates().flat_map(template::variables).collect()
    }

    pub fn placeholders<'a>(&'a self) -> BTreeSet<&'a str> {
        let Self::Chat(items) = self else {
            return BTreeSet::new();
        };
        let name = |item: &'a ChatItem| match item {
            ChatItem::Placeholder { name } => Some(name.as_str()),
            ChatItem::Message { .. } => None,
        };
        items.iter().filter_map(name).collect()
    }

    /// Bytes of all its templates.
    pub fn text_bytes(&self) -> usize {
        self.templates().map(str::len).sum()
    }

    fn require_sound(&self) -> Result<(), PromptError> {
        require_at_most("prompt", self.text_bytes(), TEXT_MAX_BYTES, "bytes")?;
        self.templates()
            .try_for_each(|text| require_no_nul("prompt", text))?;
        let (variables, placeholders) = (self.variables(), self.placeholders());
        // Langfuse's SDKs pass both by name in one call, so one name must not mean two things.
        if let Some(name) = variables.intersection(&placeholders).next() {
            let why = format!("uses `{name}` both as a variable and as a placeholder");
            return Err(PromptError::invalid("prompt", why));
        }
        Ok(())
    }
}

impl ChatItem {
    fn parse(at: usize, json: Value, unknown: UnknownFields) -> Result<Self, PromptError> {
        let refuse = |why: String| Err(PromptError::invalid("prompt", format!("[{at}] {why}")));
        let Value::Object(mut fields) = json else {
            return refuse("is not an object".to_owned());
        };
        let tag = match fields.remove("type") {
            None | Some(Value::Null) => None,
            Some(Value::String(tag)) => Some(tag),
            Some(_) => return refuse("has a `type` that is not a string".to_owned()),
        };
        let item = match tag.as_deref() {
            // `message` is what the Python SDK calls a message it read from us.
            None | Some("chatmessage" | "message") => Self::Message {
                role: required_text(&mut fields, at, "role")?,
                content: required_text(&mut fields, at, "content")?,
            },
            Some("placeholder") => Self::Placeholder {
                name: required_text(&mut fields, at, "name")?,
            },
            Some(other) => {
                return refuse(format!(
                    "has the type `{other}`; known: chatmessage, placeholder"
                ));
            }
        };
        if let (UnknownFields::Refuse, Some(field)) = (unknown, fields.keys().next()) {
            return refuse(format!("has a field `{field}`, which is not known"));
        }
        match &item {
            Self::Message { role, .. } => require_chars("role", role, ROLE_MAX_CHARS)?,
            Self::Placeholder { name } if !template::is_variable_name(name) => {
                return refuse(format!(
                    "has the placeholder name `{name}`; it must be a variable's name"
                ));
            }
            Self::Placeholder { .. } => {}
        }
        Ok(item)
    }
}

fn required_text(
    fields: &mut Map<String, Value>,
    at: usize,
    field: &str,
) -> Result<String, PromptError> {
    match fields.remove(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(PromptError::invalid(
            "prompt",
            format!("[{at}] has a `{field}` that is not a string"),
        )),
        None => Err(PromptError::invalid(
            "prompt",
            format!("[{at}] lacks `{field}`"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chat(json: Value) -> Result<Content, PromptError> {
        Content::parse(Kind::Chat, json, UnknownFields::Drop)
    }

    #[test]
    fn every_sdks_spelling_of_a_message_is_the_same_message() {
        let message = json!([{"type": "chatmessage", "role": "user", "content": "hi"}]);
        let spelt = [
            message.clone(),
            json!([{"role": "user", "content": "hi"}]),
            json!([{"type": "message", "role": "user", "content": "hi"}]),
            json!([{"type": null, "role": "user", "content": "hi", "extra": 1}]),
        ];
        for json in spelt {
            assert_eq!(serde_json::to_value(chat(json).unwrap()).unwrap(), message);
        }
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        let error = |json| chat(json).unwrap_err().to_string();
        assert_eq!(
            error(json!([{"role": "user"}])),
            "`prompt` [0] lacks `content`"
        );
        assert!(error(json!([{"type": "image"}])).contains("`image`"));
        assert!(error(json!([{"type": "placeholder", "name": "a b"}])).contains("`a b`"));
        let twice =
            json!([{"role": "user", "content": "{{x}}"}, {"type": "placeholder", "name": "x"}]);
        assert!(error(twice).contains("both as a variable and as a placeholder"));
        assert!(error(json!("text")).contains("must be an array"));
        assert!(error(json!([{"role": "user", "content": "\0"}])).contains("NUL"));
        let many = vec![json!({"role": "user", "content": ""}); MESSAGES_MAX + 1];
        assert!(error(Value::Array(many)).contains("the limit is 500"));
        let strict = Content::parse(
            Kind::Chat,
            json!([{"role": "user", "content": "", "extra": 1}]),
            UnknownFields::Refuse,
        );
        assert!(strict.unwrap_err().to_string().contains("`extra`"));
    }

    #[test]
    fn stored_content_reads_back_as_itself() {
        let content = chat(json!([
            {"role": "system", "content": "Be {{style}}."},
            {"type": "placeholder", "name": "history"},
        ]))
        .unwrap();
        let json = serde_json::to_value(&content).unwrap();
        assert_eq!(serde_json::from_value::<Content>(json).unwrap(), content);
        assert_eq!(
            content.variables().into_iter().collect::<Vec<_>>(),
            ["style"]
        );
        assert_eq!(
            content.placeholders().into_iter().collect::<Vec<_>>(),
            ["history"]
        );
    }
}
