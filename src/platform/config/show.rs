//! The configuration in effect, as text that can be shown: secrets serialise to a mask.

use serde::Serialize;

/// # Errors
/// When the tree has no TOML form.
pub fn effective_toml(settings: &impl Serialize) -> Result<String, toml::ser::Error> {
    toml::to_string_pretty(settings)
}
