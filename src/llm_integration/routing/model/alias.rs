//! The name that calls give as their model.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

const MAX_CHARS: usize = 100;

/// A route's name: what a call gives as its `model`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RouteAlias(String);

impl RouteAlias {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RouteAlias {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        let known = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
        if (1..=MAX_CHARS).contains(&text.len()) && text.chars().all(known) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{text}` is no alias: 1 to {MAX_CHARS} of A-Z a-z 0-9 . _ - / : @"
        ))
    }
}

impl<'de> Deserialize<'de> for RouteAlias {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for RouteAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for RouteAlias {
    fn borrow(&self) -> &str {
        &self.0
    }
}
