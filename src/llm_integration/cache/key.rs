//! What makes two calls equal.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::kernel::ProjectId;

/// Changes whenever what goes into the hash does.
const VERSION: &[u8] = b"kaname answer cache 1\0";
const MAX_NAMESPACE_CHARS: usize = 100;

/// Fields of a body that say nothing about the answer: how it travels, who asked, and what for.
const IRRELEVANT: &[&str] = &[
    "stream",
    "stream_options",
    "metadata",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "store",
];

/// A part of a project's cache that can be purged by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Namespace(String);

impl Namespace {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Namespace {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
        if (1..=MAX_NAMESPACE_CHARS).contains(&text.len()) && text.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "a namespace has 1 to {MAX_NAMESPACE_CHARS} letters, digits or any of -_.:/"
        ))
    }
}

/// Equal for calls that get the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    pub(super) project: ProjectId,
    pub(super) namespace: Namespace,
    pub(super) hash: [u8; 32],
}

impl CacheKey {
    /// `surface` is the operation in the words of the client's API, as `openai_chat`: an answer is
    /// kept as that API writes it. `None` when the body is no JSON object.
    pub fn new(
        project: ProjectId,
        namespace: Namespace,
        surface: &str,
        body: &[u8],
    ) -> Option<Self> {
        let mut body: Map<String, Value> = serde_json::from_slice(body).ok()?;
        for field in IRRELEVANT {
            body.remove(*field);
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(VERSION);
        hasher.update(project.as_uuid().as_bytes());
        for text in [namespace.as_str(), surface] {
            hash_text(&mut hasher, text);
        }
        hash_object(&mut hasher, &body);
        Some(Self {
            project,
            namespace,
            hash: hasher.finalize().into(),
        })
    }
}

fn hash_text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// Each kind of value begins with a byte of its own, so that no two values hash the same bytes.
fn hash_value(hasher: &mut blake3::Hasher, value: &Value) {
    match value {
        Value::Null => {
            hasher.update(b"n");
        }
        Value::Bool(is) => {
            hasher.update(if *is { b"t" } else { b"f" });
        }
        Value::Number(number) => {
            hasher.update(b"#");
            hash_text(hasher, &number.to_string());
        }
        Value::String(text) => {
            hasher.update(b"s");
            hash_text(hasher, text);
        }
        Value::Array(items) => {
            hasher.update(b"[");
            hasher.update(&(items.len() as u64).to_le_bytes());
            for item in items {
                hash_value(hasher, item);
            }
        }
        Value::Object(object) => hash_object(hasher, object),
    }
}

fn hash_object(hasher: &mut blake3::Hasher, object: &Map<String, Value>) {
    let mut fields: Vec<_> = object.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    hasher.update(b"{");
    hasher.update(&(fields.len() as u64).to_le_bytes());
    for (name, value) in fields {
        hash_text(hasher, name);
        hash_value(hasher, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(namespace: &str, surface: &str, body: &str) -> CacheKey {
        let project = ProjectId::from_name("p");
        let namespace = namespace.parse().unwrap();
        CacheKey::new(project, namespace, surface, body.as_bytes()).unwrap()
    }

    #[test]
    fn order_and_what_does_not_reach_the_model_make_no_difference() {
        let one = key(
            "n",
            "chat",
            r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#,
        );
        let other = key(
            "n",
            "chat",
            r#"{"stream":true,"messages":[{"content":"x","role":"user"}],"user":"u","metadata":{"a":1},"model":"m"}"#,
        );
        assert_eq!(one, other);
    }

    #[test]
    fn all_else_makes_a_difference() {
        let one = key("n", "chat", r#"{"model":"m","a":["b","c"]}"#);
        for other in [
            key("o", "chat", r#"{"model":"m","a":["b","c"]}"#),
            key("n", "messages", r#"{"model":"m","a":["b","c"]}"#),
            key("n", "chat", r#"{"model":"m","a":["bc"]}"#),
            key("n", "chat", r#"{"model":"m","a":["c","b"]}"#),
            key(
                "n",
                "chat",
                r#"{"model":"m","a":["b","c"],"temperature":1}"#,
            ),
            key(
                "n",
                "chat",
                r#"{"model":"m","a":["b","c"],"temperature":"1"}"#,
            ),
        ] {
            assert_ne!(one, other);
        }
        let project = ProjectId::from_name("p");
        assert_eq!(
            CacheKey::new(project, Namespace::default(), "chat", b"[]"),
            None
        );
    }
}
