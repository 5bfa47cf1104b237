//! When a part of a route applies: what a call is tagged with, needs, and comes from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::ApiKeyId;

/// What a call asks of a model beyond text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    Tools,
    Vision,
    JsonSchema,
    Streaming,
}

/// What a call asks of a model, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs(u8);

impl Needs {
    #[must_use]
    pub const fn with(self, capability: Capability, needed: bool) -> Self {
        Self(self.0 | ((needed as u8) << capability as u8))
    }

    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u8) != 0
    }
}

/// What is known of a call before it is routed.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    pub key: Option<ApiKeyId>,
    pub user: Option<&'a str>,
    pub session: Option<&'a str>,
    pub tags: &'a [String],
    /// Values that are not text stand as their JSON.
    pub metadata: &'a [(String, String)],
    /// An estimate, from the size of the body.
    pub input_tokens: u64,
    pub needs: Needs,
}

/// Holds when everything that it names holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Condition {
    /// One of these tags is among the call's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Each of these keys has this value in the call's metadata.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_input_tokens: Option<u64>,
    /// The call needs all of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Capability>,
    /// The call came with one of these API keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<ApiKeyId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// One of these holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<Self>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<Self>>,
}

impl Condition {
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        let Self {
            tags,
            metadata,
            min_input_tokens,
            max_input_tokens,
            needs,
            keys,
            users,
            any,
            not,
        } = self;
        let has_value = |(key, value): (&String, &String)| {
            let found = facts.metadata.iter().find(|(known, _)| known == key);
            found.is_some_and(|(_, known)| known == value)
        };
        (tags.is_empty() || tags.iter().any(|tag| facts.tags.contains(tag)))
            && metadata.iter().all(has_value)
            && min_input_tokens.is_none_or(|least| facts.input_tokens >= least)
            && max_input_tokens.is_none_or(|most| facts.input_tokens <= most)
            && needs.iter().all(|need| facts.needs.contains(*need))
            && (keys.is_empty() || facts.key.is_some_and(|key| keys.contains(&key)))
            && (users.is_empty()
                || facts
                    .user
                    .is_some_and(|user| users.iter().any(|u| u == user)))
            && (any.is_empty() || any.iter().any(|condition| condition.holds(facts)))
            && not.as_ref().is_none_or(|condition| !condition.holds(facts))
    }

    /// How deep conditions are nested in it, itself included.
    pub fn depth(&self) -> usize {
        let inner = self.any.iter().chain(self.not.as_deref());
        1 + inner.map(Self::depth).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(json: &str) -> Condition {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn everything_that_is_named_must_hold() {
        let tags = ["batch".to_owned()];
        let metadata = [("team".to_owned(), "search".to_owned())];
        let facts = Facts {
            user: Some("u-1"),
            tags: &tags,
            metadata: &metadata,
            input_tokens: 5_000,
            needs: Needs::default()
                .with(Capability::Tools, true)
                .with(Capability::Vision, false),
            ..Facts::default()
        };
        for (json, holds) in [
            ("{}", true),
            (r#"{"tags": ["batch", "other"]}"#, true),
            (r#"{"tags": ["other"]}"#, false),
            (r#"{"metadata": {"team": "search"}}"#, true),
            (r#"{"metadata": {"team": "ads"}}"#, false),
            (
                r#"{"min_input_tokens": 5000, "max_input_tokens": 5000}"#,
                true,
            ),
            (r#"{"min_input_tokens": 5001}"#, false),
            (r#"{"needs": ["tools"]}"#, true),
            (r#"{"needs": ["tools", "vision"]}"#, false),
            (r#"{"users": ["u-1"], "tags": ["other"]}"#, false),
            (
                r#"{"any": [{"tags": ["other"]}, {"users": ["u-1"]}]}"#,
                true,
            ),
            (r#"{"not": {"needs": ["vision"]}}"#, true),
            (
                r#"{"keys": ["00000000-0000-0000-0000-000000000001"]}"#,
                false,
            ),
        ] {
            assert_eq!(condition(json).holds(&facts), holds, "{json}");
        }
    }

    #[test]
    fn an_unknown_word_is_refused() {
        assert!(serde_json::from_str::<Condition>(r#"{"tag": ["x"]}"#).is_err());
    }
}
