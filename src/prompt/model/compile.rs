//! Compiling: a resolved prompt plus values gives what is sent to a model.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    ChatItem, Content,
    limits::{MESSAGES_MAX, require_at_most},
    template,
};
use crate::prompt::PromptError;

/// What a caller fills a prompt with.
#[derive(Clone, Debug, Default)]
pub struct Values {
    variables: BTreeMap<String, String>,
    placeholders: BTreeMap<String, Vec<Map<String, Value>>>,
}

/// What to do when a variable or a placeholder has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Refuse,
    /// It stays in the result as it stands, as Langfuse's SDKs leave it.
    Keep,
}

/// The result, with what did not match between the prompt and the values.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = CompiledPromptText)]
pub struct Compiled {
    /// A string, or an array of messages.
    pub prompt: Value,
    /// Asked for by the prompt, not given.
    pub missing: BTreeSet<String>,
    /// Given, not asked for by the prompt.
    pub unknown: BTreeSet<String>,
}

impl Values {
    /// # Errors
    /// `prompt_invalid` when a placeholder's value is not an array of message objects.
    pub fn parse(
        variables: Map<String, Value>,
        placeholders: Map<String, Value>,
    ) -> Result<Self, PromptError> {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name, text_of(value)))
            .collect();
        let placeholders = placeholders
            .into_iter()
            .map(|(name, value)| messages_of(name, value))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            variables,
            placeholders,
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.variables
            .keys()
            .chain(self.placeholders.keys())
            .map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.variables.contains_key(name) || self.placeholders.contains_key(name)
    }
}

/// # Errors
/// `prompt_variables_missing`, naming every one, unless `missing` says to keep them.
pub fn compile(
    content: &Content,
    values: &Values,
    missing: Missing,
) -> Result<Compiled, PromptError> {
    let asked: BTreeSet<&str> = content
        .variables()
        .union(&content.placeholders())
        .copied()
        .collect();
    let lacking: BTreeSet<String> = asked
        .iter()
        .filter(|name| !values.has(name))
        .map(|name| (*name).to_owned())
        .collect();
    let unknown = values
        .names()
        .filter(|name| !asked.contains(name))
        .map(str::to_owned)
        .collect();
    if missing == Missing::Refuse && !lacking.is_empty() {
        return Err(PromptError::VariablesMissing {
            missing: lacking,
            unknown,
        });
    }
    let render =
        |text: &str| template::render(text, |name| values.variables.get(name).map(String::as_str));
    let prompt = match content {
        Content::Text(text) => Value::String(render(text)),
        Content::Chat(items) => {
            let messages: Vec<Value> = items
                .iter()
                .flat_map(|item| messages(item, values, &render))
                .collect();
            require_at_most(
                "prompt",
                messages.len(),
                MESSAGES_MAX,
                "messages once compiled",
            )?;
            Value::Array(messages)
        }
    };
    Ok(Compiled {
        prompt,
        missing: lacking,
        unknown,
    })
}

fn messages(item: &ChatItem, values: &Values, render: &impl Fn(&str) -> String) -> Vec<Value> {
    match item {
        ChatItem::Message { role, content } => {
            vec![json!({"role": role, "content": render(content)})]
        }
        ChatItem::Placeholder { name } => match values.placeholders.get(name) {
            // As they came, tool calls and all: what users wrote is not a template.
            Some(messages) => messages.iter().cloned().map(Value::Object).collect(),
            None => vec![json!({"type": "placeholder", "name": name})],
        },
    }
}

/// Text as it is, nothing for null, other values as JSON.
fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn messages_of(
    name: String,
    value: Value,
) -> Result<(String, Vec<Map<String, Value>>), PromptError> {
    let refuse = || {
        let why = format!("`{name}` must be an array of messages, each with a `role`");
        PromptError::invalid("placeholders", why)
    };
    let Value::Array(items) = value else {
        return Err(refuse());
    };
    let message = |item| match item {
        Value::Object(message) if message.get("role").is_some_and(Value::is_string) => Ok(message),
        _ => Err(refuse()),
    };
    let messages = items.into_iter().map(message).collect::<Result<_, _>>()?;
    Ok((name, messages))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(variables: Value, placeholders: Value) -> Values {
        let map = |value| match value {
            Value::Object(map) => map,
            other => panic!("{other} is not an object"),
        };
        Values::parse(map(variables), map(placeholders)).unwrap()
    }

    #[test]
    fn missing_and_unknown_names_are_reported_together() {
        let content = Content::Text("{{a}} {{b}}".to_owned());
        let values = values(json!({"a": 1, "z": 2}), json!({}));
        let Err(PromptError::VariablesMissing { missing, unknown }) =
            compile(&content, &values, Missing::Refuse)
        else {
            panic!("`b` has no value")
        };
        assert_eq!(
            (missing, unknown),
            (["b".to_owned()].into(), ["z".to_owned()].into())
        );
        let kept = compile(&content, &values, Missing::Keep).unwrap();
        assert_eq!(kept.prompt, json!("1 {{b}}"));
    }

    #[test]
    fn placeholders_take_messages_as_they_are() {
        let content = Content::Chat(vec![
            ChatItem::Message {
                role: "system".to_owned(),
                content: "Hi {{name}}".to_owned(),
            },
            ChatItem::Placeholder {
                name: "history".to_owned(),
            },
        ]);
        let history = json!([{"role": "user", "content": "{{name}}", "tool_calls": []}]);
        let values = values(json!({"name": {"a": null}}), json!({"history": history}));
        let compiled = compile(&content, &values, Missing::Refuse).unwrap();
        assert_eq!(
            compiled.prompt,
            json!([
                {"role": "system", "content": "Hi {\"a\":null}"},
                {"role": "user", "content": "{{name}}", "tool_calls": []},
            ])
        );
        let bad = json!({"history": ["hi"]}).as_object().unwrap().clone();
        assert!(
            Values::parse(Map::new(), bad)
                .unwrap_err()
                .to_string()
                .contains("`history`")
        );
    }
}
