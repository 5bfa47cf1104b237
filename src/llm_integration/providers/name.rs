//! What a provider is called by: the part of `provider/model` before the slash.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

const MAX_CHARS: usize = 64;

/// A provider's name, unique in a project. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderName(Arc<str>);

impl ProviderName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderName {
    type Err = String;

    /// The error says what a name takes.
    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && text.len() <= MAX_CHARS && text.chars().all(allowed) {
            return Ok(Self(text.into()));
        }
        Err(format!(
            "a provider's name takes 1 to {MAX_CHARS} letters, digits, `-`, `_` and `.`, and begins \
             with a letter or a digit"
        ))
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for ProviderName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_before_a_slash_and_in_a_path() {
        for name in ["groq", "my-gemini_2.b", "7b"] {
            assert_eq!(name.parse::<ProviderName>().unwrap().as_str(), name);
        }
        for wrong in ["", "a/b", "-a", "a b", "日本", &"x".repeat(65)] {
            assert!(wrong.parse::<ProviderName>().is_err(), "{wrong}");
        }
    }
}
