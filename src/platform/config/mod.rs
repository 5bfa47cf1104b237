//! Configuration: one tree, read once, validated, then passed down in parts.
//!
//! The loader knows sources and rules but no setting: the tree's type belongs to `roles::Settings`,
//! and each section's type to the module it configures.

mod load;
mod secret;
mod show;
mod sources;

pub use load::{ConfigError, Loader};
pub use secret::SecretText;
pub use show::effective_toml;
pub use sources::{Environment, WellKnown};
