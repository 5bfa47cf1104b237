//! A configured secret: it never prints itself, and serialises to a mask.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// What a secret is replaced with wherever it could be seen.
pub const MASK: &str = "********";

/// Text that must not reach a log. Empty means "not set".
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct SecretText(SecretString);

impl SecretText {
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text, or `None` when it is empty.
    pub fn set(&self) -> Option<&str> {
        Some(self.expose()).filter(|text| !text.is_empty())
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.set().is_some() { MASK } else { "" })
    }
}
