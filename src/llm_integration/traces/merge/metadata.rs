//! Metadata: objects that are merged by key, each value with the instant at which it was said.
//!
//! What only one text was ever said of stays that text, byte for byte. What was merged is written
//! with its keys sorted, so that it does not depend on the order in which it came.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{kernel::Timestamp, llm_integration::JsonText};

/// Objects deeper than this are values that are replaced as a whole.
const MAX_DEPTH: usize = 16;
/// The key of metadata that is not an object.
const BARE_VALUE: &str = "value";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::llm_integration::traces) enum Metadata {
    #[default]
    Unsaid,
    /// Everything was said at one instant, in this text.
    Once(Timestamp, JsonText),
    Merged(Node),
}

/// A value, an object, or an object that took the place of an older value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::llm_integration::traces) struct Node {
    /// A value and when it was said; hidden, and then without its text, beneath newer members.
    leaf: Option<(Timestamp, String)>,
    members: BTreeMap<String, Node>,
}

/// The instants of a [`Node`], as they are stored beside its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::llm_integration::traces) enum NodeInstants {
    Leaf(i64),
    Object {
        #[serde(default, rename = "of", skip_serializing_if = "BTreeMap::is_empty")]
        members: BTreeMap<String, NodeInstants>,
        /// When a value was said that older members than it do not outlive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cleared: Option<i64>,
    },
}

impl Metadata {
    pub fn new(at: Timestamp, said: Option<JsonText>) -> Self {
        let Some(text) = said else {
            return Self::Unsaid;
        };
        match members_of(text.get()) {
            Some(members) if members.is_empty() => Self::Unsaid,
            Some(_) => Self::Once(at, text),
            None if text.get() == "null" => Self::Unsaid,
            None => {
                let wrapped = BTreeMap::from([(BARE_VALUE, text)]);
                Self::Once(at, JsonText::of(&wrapped))
            }
        }
    }

    pub fn join(&mut self, other: Self) {
        *self = match (std::mem::take(self), other) {
            (one, Self::Unsaid) => one,
            (Self::Unsaid, two) => two,
            (Self::Once(one_at, one), Self::Once(two_at, two)) if one == two => {
                Self::Once(one_at.max(two_at), one)
            }
            (one, two) => {
                let mut root = one.into_node();
                root.join(two.into_node());
                Self::Merged(root)
            }
        };
    }

    pub fn text(&self) -> JsonText {
        match self {
            Self::Unsaid => JsonText::empty_object(),
            Self::Once(_, text) => text.clone(),
            Self::Merged(root) => {
                JsonText::stored(root.text()).unwrap_or_else(JsonText::empty_object)
            }
        }
    }

    pub const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Once(at, _) => Some(*at),
            Self::Unsaid | Self::Merged(_) => None,
        }
    }

    pub fn instants(&self) -> Option<NodeInstants> {
        match self {
            Self::Merged(root) => Some(root.instants()),
            Self::Unsaid | Self::Once(..) => None,
        }
    }

    /// What was stored as its text and, when it was merged, its instants.
    pub fn stored(text: JsonText, at: Timestamp, instants: Option<&NodeInstants>) -> Self {
        match instants {
            Some(instants) => Self::Merged(Node::stored(Some(text.get()), instants)),
            None => Self::new(at, Some(text)),
        }
    }

    fn into_node(self) -> Node {
        match self {
            Self::Unsaid => Node::default(),
            Self::Once(at, text) => Node::parse(text.get(), at, 0),
            Self::Merged(root) => root,
        }
    }
}

impl Node {
    fn parse(text: &str, at: Timestamp, depth: usize) -> Self {
        let members = if depth < MAX_DEPTH {
            members_of(text)
        } else {
            None
        };
        let Some(members) = members else {
            return Self {
                leaf: Some((at, text.to_owned())),
                ..Self::default()
            };
        };
        let parsed = |(key, value): (String, &RawValue)| {
            let node = Self::parse(value.get(), at, depth + 1);
            (key, node)
        };
        Self {
            leaf: None,
            members: members.into_iter().map(parsed).collect(),
        }
    }

    fn join(&mut self, other: Self) {
        if other.leaf > self.leaf {
            self.leaf = other.leaf;
        }
        for (key, node) in other.members {
            self.members.entry(key).or_default().join(node);
        }
        self.settle();
    }

    /// Drops members that are not newer than the value that took their place.
    fn settle(&mut self) {
        let Some((at, text)) = &mut self.leaf else {
            return;
        };
        for node in self.members.values_mut() {
            node.drop_until(*at);
        }
        self.members.retain(|_, node| node.has_newer());
        if !self.members.is_empty() {
            text.clear();
        }
    }

    fn drop_until(&mut self, at: Timestamp) {
        self.leaf = self.leaf.take().filter(|(said, _)| *said > at);
        for node in self.members.values_mut() {
            node.drop_until(at);
        }
        self.members.retain(|_, node| node.has_newer());
    }

    /// An empty object says nothing that could outlive a value.
    fn has_newer(&self) -> bool {
        self.leaf.is_some() || !self.members.is_empty()
    }

    fn text(&self) -> String {
        match &self.leaf {
            Some((_, text)) if self.members.is_empty() => text.clone(),
            _ => {
                let member = |(key, node): (&String, &Self)| {
                    format!("{}:{}", JsonText::string(key).get(), node.text())
                };
                let members: Vec<String> = self.members.iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    fn instants(&self) -> NodeInstants {
        match &self.leaf {
            Some((at, _)) if self.members.is_empty() => NodeInstants::Leaf(at.unix_micros()),
            leaf => NodeInstants::Object {
                members: self
                    .members
                    .iter()
                    .map(|(key, node)| (key.clone(), node.instants()))
                    .collect(),
                cleared: leaf.as_ref().map(|(at, _)| at.unix_micros()),
            },
        }
    }

    fn stored(text: Option<&str>, instants: &NodeInstants) -> Self {
        match instants {
            NodeInstants::Leaf(at) => Self {
                leaf: text.map(|text| (instant(*at), text.to_owned())),
                members: BTreeMap::new(),
            },
            NodeInstants::Object { members, cleared } => {
                let texts = text.and_then(members_of).unwrap_or_default();
                let member = |(key, instants): (&String, &NodeInstants)| {
                    let text = texts.get(key).map(|value| value.get());
                    (key.clone(), Self::stored(text, instants))
                };
                Self {
                    leaf: cleared.map(|at| (instant(at), String::new())),
                    members: members.iter().map(member).collect(),
                }
            }
        }
    }
}

/// An instant that was stored as microseconds.
pub(super) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros).unwrap_or(Timestamp::EPOCH)
}

fn members_of(text: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        instant(micros)
    }

    fn said(parts: &[(i64, &str)]) -> Metadata {
        let mut all = Metadata::Unsaid;
        for (micros, text) in parts {
            all.join(Metadata::new(
                at(*micros),
                JsonText::stored((*text).to_owned()),
            ));
        }
        all
    }

    #[test]
    fn keys_are_united_at_every_depth_and_the_newer_value_counts() {
        let merged = said(&[
            (2, r#"{"b": 1.50, "deep": {"x": 1}}"#),
            (1, r#"{"b": 2, "deep": {"x": 2, "y": [1, 2]}}"#),
        ]);
        assert_eq!(
            merged.text().get(),
            r#"{"b":1.50,"deep":{"x":1,"y":[1, 2]}}"#
        );
    }

    #[test]
    fn what_was_said_once_stays_as_it_was_written() {
        let once = said(&[(1, r#"{"b": 1, "a": 2}"#), (3, r#"{"b": 1, "a": 2}"#)]);
        assert_eq!(once.text().get(), r#"{"b": 1, "a": 2}"#);
        assert_eq!(said(&[(1, "[1]")]).text().get(), r#"{"value":[1]}"#);
        assert_eq!(said(&[(1, "{}"), (2, "null")]), Metadata::Unsaid);
    }

    #[test]
    fn a_value_clears_older_members_and_gives_way_to_newer_ones() {
        let parts = [
            (1, r#"{"a": {"old": 1}}"#),
            (2, r#"{"a": "text"}"#),
            (3, r#"{"a": {"new": 1}}"#),
        ];
        assert_eq!(said(&parts).text().get(), r#"{"a":{"new":1}}"#);
        assert_eq!(said(&parts[..2]).text().get(), r#"{"a":"text"}"#);
    }

    #[test]
    fn what_is_stored_comes_back_the_same() {
        let merged = said(&[
            (1, r#"{"a": {"old": 1}, "e": {}}"#),
            (2, r#"{"a": "text", "of": {"cleared": 1}}"#),
            (3, r#"{"a": {"new": 1}}"#),
        ]);
        let instants = merged.instants();
        let json = serde_json::to_string(&instants).unwrap();
        let instants: Option<NodeInstants> = serde_json::from_str(&json).unwrap();
        let back = Metadata::stored(merged.text(), at(9), instants.as_ref());
        assert_eq!(back, merged, "{json}");
    }
}
