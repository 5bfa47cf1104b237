//! The library behind the `app` binary. See ARCHITECTURE.md for the map.

pub mod document;
pub mod identity;
pub mod interop;
pub mod kernel;
pub mod llm_integration;
pub mod platform;
pub mod prompt;
pub mod roles;
