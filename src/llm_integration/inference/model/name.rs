//! A model's name: that of its folder.

use std::{fmt, str::FromStr, sync::Arc};

const MAX_CHARS: usize = 100;

/// Letters, digits, `-`, `_` and `.`; it begins with a letter or a digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName(Arc<str>);

impl ModelName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ModelName {
    type Err = String;

    /// The error says what a name takes.
    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && text.len() <= MAX_CHARS && text.chars().all(allowed) {
            return Ok(Self(text.into()));
        }
        Err(format!(
            "a model's folder has a name of 1 to {MAX_CHARS} letters, digits, `-`, `_` and `.`, and begins \
             with a letter or a digit"
        ))
    }
}
