//! A call's body for each provider: the caller's own bytes, or what they mean in other words.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::super::request::{Edited, edited};
use crate::llm_integration::{
    LlmError,
    dialects::{Dialect, EncodeContext, Encoded, Leniency, Untranslatable, chat},
    providers::{Operation, Provider},
};

/// What a caller asks, before it is said to a provider.
pub(in super::super) struct CallBody {
    pub surface: Dialect,
    /// As the caller names it.
    pub model: String,
    pub stream: bool,
    pub bytes: Bytes,
    pub leniency: Leniency,
    /// For answers that must be written by us: an id, and seconds since 1970.
    pub answer_id: String,
    pub created: i64,
    /// The bytes, understood; only where they must be.
    understood: OnceLock<Result<Box<chat::Request>, Untranslatable>>,
}

/// A body as one provider takes it.
pub(in super::super) struct Prepared {
    pub body: Bytes,
    /// What the provider speaks.
    pub dialect: Dialect,
    pub hide_usage: bool,
    /// Names of fields that the provider can not take and that were left out.
    pub dropped: Vec<String>,
    /// How its answer is told to the caller, where the caller speaks another dialect.
    pub translation: Option<EncodeContext>,
}

impl CallBody {
    pub fn new(
        surface: Dialect,
        (model, stream): (String, bool),
        bytes: Bytes,
        leniency: Leniency,
        (answer_id, created): (String, i64),
    ) -> Self {
        Self {
            surface,
            model,
            stream,
            bytes,
            leniency,
            answer_id,
            created,
            understood: OnceLock::new(),
        }
    }

    /// # Errors
    /// When the bytes are no request of the surface.
    pub fn understood(&self) -> Result<&chat::Request, LlmError> {
        let understood = self
            .understood
            .get_or_init(|| self.surface.decode_request(&self.bytes).map(Box::new));
        understood
            .as_deref()
            .map_err(|error| LlmError::Untranslatable(error.clone()))
    }

    /// Puts a changed request in the place of the caller's bytes.
    ///
    /// # Errors
    /// When it can not be said in the surface's own words.
    pub fn replace(&mut self, request: chat::Request) -> Result<(), LlmError> {
        let Encoded { body, .. } = self.surface.encode_request(&request, Leniency::Refuse)?;
        self.bytes = body;
        self.understood = OnceLock::from(Ok(Box::new(request)));
        Ok(())
    }

    /// How an answer of ours is written to the caller.
    ///
    /// # Errors
    /// When the bytes are no request of the surface.
    pub fn context(&self) -> Result<EncodeContext, LlmError> {
        let request = self.understood()?;
        Ok(self.surface.context(request, &self.answer_id, self.created))
    }

    /// The body for `provider`, naming `model` as it does.
    ///
    /// # Errors
    /// [`LlmError::Untranslatable`], naming the field that the provider has no word for.
    pub fn prepare(
        &self,
        provider: &Provider,
        model: &str,
        params: &Map<String, Value>,
    ) -> Result<Prepared, LlmError> {
        let dialect = provider.dialect_for(self.surface);
        let manners = provider.manners(Operation::Chat(dialect));
        let with_usage = self.stream && manners.usage_on_request && dialect == Dialect::OpenAiChat;
        let upstream_model = provider.upstream_model(model);
        if dialect == self.surface {
            let renamed = (upstream_model != self.model).then_some(upstream_model);
            let Edited { body, hide_usage } = edited(&self.bytes, renamed, params, with_usage)?;
            return Ok(Prepared {
                body,
                dialect,
                hide_usage,
                dropped: Vec::new(),
                translation: None,
            });
        }
        let mut request = self.understood()?.clone();
        upstream_model.clone_into(&mut request.model);
        let Encoded { body, dropped } = dialect.encode_request(&request, self.leniency)?;
        let Edited { body, .. } = edited(&body, None, params, with_usage)?;
        Ok(Prepared {
            body,
            dialect,
            hide_usage: false,
            dropped,
            translation: Some(self.context()?),
        })
    }
}
