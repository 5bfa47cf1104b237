//! Embeddings in the words of each provider, and their answers in OpenAI's.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    super::{generation::Generation, request::edited},
    body::{CallBody, Prepared, Reading},
};
use crate::llm_integration::{
    LlmError,
    dialects::{Dialect, Unreadable},
    embeddings::{self, EmbeddingRequest, Embeddings},
    providers::{EmbeddingDialect, NotAskable, Operation, Provider},
};

impl CallBody {
    pub(super) fn prepare_embeddings(
        &self,
        request: &EmbeddingRequest,
        (provider, model): (&Provider, &str),
        params: &Map<String, Value>,
    ) -> Result<Prepared, LlmError> {
        let operation = Operation::Embeddings;
        let dialect = provider
            .embeddings(model)
            .filter(|_| provider.serves(operation))
            .ok_or_else(|| LlmError::NotAskable {
                provider: provider.name.clone(),
                source: Arc::new(NotAskable::NotServed),
            })?;
        let named = provider.upstream_model(model);
        let bodies = match dialect {
            EmbeddingDialect::OpenAi => {
                let renamed = (named != self.model).then_some(named);
                vec![edited(&self.bytes, renamed, params, false)?.body]
            }
            _ if params.is_empty() => embeddings::encode(dialect, request, named)?,
            _ => {
                let with_params = edited(&self.bytes, None, params, false)?.body;
                embeddings::encode(dialect, &EmbeddingRequest::parse(&with_params)?, named)?
            }
        };
        Ok(Prepared {
            bodies,
            operation,
            dialect: provider.dialect_for(Dialect::OpenAiChat),
            hide_usage: false,
            dropped: Vec::new(),
            reading: Reading::Embeddings(dialect),
        })
    }

    /// The caller's answer, and what is recorded of it. What is as the caller asked for passes as it
    /// came.
    ///
    /// # Errors
    /// When the answers are not as the provider's API describes them.
    pub(super) fn read_embeddings(
        &self,
        dialect: EmbeddingDialect,
        answers: &[Bytes],
    ) -> Result<(Bytes, Generation), Unreadable> {
        let format = self
            .embeddings()
            .map(|request| request.format)
            .unwrap_or_default();
        let embedded = embeddings::decode(dialect, answers)?;
        let generation = Generation {
            model: embedded.model.clone(),
            usage: embedded.usage,
            ..Generation::default()
        };
        let body = match answers {
            [one] if dialect == EmbeddingDialect::OpenAi && embedded.are_in(format) => one.clone(),
            _ => Embeddings::encode(embedded, format, &self.model)?,
        };
        Ok((body, generation))
    }
}
