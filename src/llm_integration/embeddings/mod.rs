//! Embeddings: OpenAI's form of asking for them, in the words of each provider, and back. Pure.
//!
//! Clients ask for numbers or for base64 (OpenAI's SDK for base64, unless told otherwise); a provider that
//! gives one gives both here. Tokens in place of text reach those providers only that share OpenAI's
//! tokenizer.

mod answer;
mod request;
mod vector;
mod wire;

pub use answer::Embeddings;
pub use request::{EmbeddingRequest, Input};
pub use vector::{Format, Vector};
pub use wire::{decode, encode};
