//! The models of this process: asked by no socket, in OpenAI's words.

use reqwest::Request;
use serde_json::Value;

use super::super::{
    Ask, Operation,
    adapter::{Adapter, CredentialsError, Target},
};
use crate::{kernel::Timestamp, llm_integration::dialects::Dialect};

/// Stands before a path of OpenAI's API.
const SCHEME: &str = "local:";

#[derive(Debug)]
pub struct Local;

impl Adapter for Local {
    fn chat_dialects(&self) -> &'static [Dialect] {
        &[]
    }

    fn target(&self, ask: &Ask<'_>) -> Option<Target> {
        match ask.operation {
            Operation::Embeddings => Some(Target::post(self.below_base("/embeddings"))),
            Operation::Rerank => Some(Target::post(self.below_base("/rerank"))),
            Operation::Chat(_) | Operation::CountTokens(_) | Operation::Models => None,
        }
    }

    fn below_base(&self, path: &str) -> String {
        format!("{SCHEME}{path}")
    }

    fn forwarded(&self) -> &'static [&'static str] {
        &[]
    }

    fn authorize(
        &self,
        _request: &mut Request,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<(), CredentialsError> {
        Ok(())
    }

    /// Its models are known by name.
    fn models(&self, _list: &[u8], _owner: &str) -> Result<Vec<Value>, serde_json::Error> {
        Ok(Vec::new())
    }
}
