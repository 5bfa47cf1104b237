//! Lists and objects that a library flattened into keys: `0.message.role`, `0.message.content`.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::attributes::Attributes;
use crate::{interop::otlp::wire::Value, llm_integration::JsonText};

/// Names of levels that hold one thing only, and are left out.
pub type Wrappers = &'static [&'static str];

/// Deeper keys keep their dots.
const MAX_LEVELS: usize = 16;

/// What the keys below `prefix` spell; `None` when there are none.
pub fn list(attributes: &Attributes, prefix: &str, wrappers: Wrappers) -> Option<JsonText> {
    let mut root = Node::default();
    for (path, value) in attributes.under(prefix) {
        root.put(path, value, MAX_LEVELS);
    }
    let shown = Shown {
        node: &root,
        wrappers,
    };
    (!root.children.is_empty()).then(|| JsonText::of(&shown))
}

#[derive(Default)]
struct Node<'a> {
    value: Option<&'a Value>,
    children: BTreeMap<Step<'a>, Self>,
}

/// Numbers sort as numbers: `2` stands before `10`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step<'a> {
    Index(u32),
    Name(&'a str),
}

impl<'a> Node<'a> {
    fn put(&mut self, path: &'a str, value: &'a Value, levels: usize) {
        let (step, rest) = match path.split_once('.') {
            Some((step, rest)) if levels > 1 => (step, Some(rest)),
            _ => (path, None),
        };
        let step = step.parse().map_or(Step::Name(step), Step::Index);
        let child = self.children.entry(step).or_default();
        match rest {
            Some(rest) => child.put(rest, value, levels - 1),
            None => child.value = Some(value),
        }
    }

    fn is_list(&self) -> bool {
        self.children
            .keys()
            .all(|step| matches!(step, Step::Index(_)))
    }

    /// The one child that a wrapper has.
    fn wrapped(&self, wrappers: Wrappers) -> Option<&Self> {
        let (step, child) = self.children.first_key_value()?;
        let is_wrapper = matches!(step, Step::Name(name) if wrappers.contains(name));
        (is_wrapper && self.children.len() == 1).then_some(child)
    }
}

struct Shown<'a> {
    node: &'a Node<'a>,
    wrappers: Wrappers,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (node, wrappers) = (self.node, self.wrappers);
        let inner = |node| Shown { node, wrappers };
        if node.children.is_empty() {
            return node.value.serialize(serializer);
        }
        if let Some(wrapped) = node.wrapped(wrappers) {
            return inner(wrapped).serialize(serializer);
        }
        if node.is_list() {
            return serializer.collect_seq(node.children.values().map(inner));
        }
        serializer.collect_map(node.children.iter().map(|(step, child)| {
            let name = match step {
                Step::Index(index) => index.to_string(),
                Step::Name(name) => (*name).to_owned(),
            };
            (name, inner(child))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::otlp::wire::{AnyValue, KeyValue};

    #[test]
    fn flattened_messages_become_messages_in_their_order() {
        let pair = |key: &str, text: &str| {
            let value = Some(Value::Text(text.to_owned()));
            let (key, value) = (key.to_owned(), Some(AnyValue { value }));
            KeyValue { key, value }
        };
        let attributes = Attributes::new(vec![
            pair("m.10.message.role", "assistant"),
            pair("m.2.message.role", "user"),
            pair("m.2.message.contents.0.message_content.text", "Hi"),
            pair("m.10.message.tool_calls.0.tool_call.function.name", "f"),
        ]);
        let wrappers: Wrappers = &["message", "message_content", "tool_call"];
        let found = list(&attributes, "m.", wrappers).unwrap();
        assert_eq!(
            found.get(),
            r#"[{"contents":[{"text":"Hi"}],"role":"user"},{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]"#
        );
        assert_eq!(list(&attributes, "n.", wrappers), None);
    }
}
