//! Reranking at each provider that has it: bodies pass both ways as they are.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    super::{generation::Generation, request::edited},
    body::{CallBody, Prepared, Reading},
};
use crate::llm_integration::{
    JsonText, LlmError,
    dialects::{Dialect, Unreadable},
    providers::{NotAskable, Operation, Provider},
    reranking::{Ranked, RerankAnswer},
};

impl CallBody {
    pub(super) fn prepare_rerank(
        &self,
        provider: &Provider,
        model: &str,
        params: &Map<String, Value>,
    ) -> Result<Prepared, LlmError> {
        let operation = Operation::Rerank;
        if !provider.serves(operation) {
            return Err(LlmError::NotAskable {
                provider: provider.name.clone(),
                source: Arc::new(NotAskable::NotServed),
            });
        }
        let named = provider.upstream_model(model);
        let renamed = (named != self.model).then_some(named);
        Ok(Prepared {
            bodies: vec![edited(&self.bytes, renamed, params, false)?.body],
            operation,
            dialect: provider.dialect_for(Dialect::OpenAiChat),
            hide_usage: false,
            dropped: Vec::new(),
            reading: Reading::Rerank,
        })
    }

    /// What is recorded of an answer: the order and the scores, and not the documents again.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn read_rerank(answer: &[u8]) -> Result<Generation, Unreadable> {
        let answer = RerankAnswer::parse(answer)?;
        let usage = answer.usage();
        let scores = answer.results.into_iter().map(|ranked| Ranked {
            document: None,
            ..ranked
        });
        Ok(Generation {
            model: answer.model,
            usage,
            output: Some(JsonText::of(&scores.collect::<Vec<_>>())),
            ..Generation::default()
        })
    }
}
