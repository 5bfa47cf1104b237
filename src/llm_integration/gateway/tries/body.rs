//! A call's body for each provider: the caller's own bytes, or what they mean in other words.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::super::request::{Asking, Edited, Kept, edited};
use crate::llm_integration::{
    LlmError,
    dialects::{Dialect, EncodeContext, Encoded, Leniency, Untranslatable, chat},
    embeddings::EmbeddingRequest,
    guardrails::{Action, Finding, GuardPlan},
    providers::{EmbeddingDialect, Operation, Provider},
    reranking::RerankQuery,
};

/// What a caller asks, before it is said to a provider.
pub(in super::super) struct CallBody {
    pub asking: Asking,
    /// As the caller names it.
    pub model: String,
    pub stream: bool,
    pub bytes: Bytes,
    pub leniency: Leniency,
    pub kept: Kept,
    /// For answers that must be written by us: an id, and seconds since 1970.
    pub answer_id: String,
    pub created: i64,
    meaning: Meaning,
}

/// The bytes, understood.
enum Meaning {
    /// Only where they must be.
    Chat(OnceLock<Result<Box<chat::Request>, Untranslatable>>),
    Embeddings(Box<EmbeddingRequest>),
    Rerank(Box<RerankQuery>),
}

/// A body as one provider takes it.
pub(in super::super) struct Prepared {
    /// Sent one after the other: some providers embed few texts at once.
    pub bodies: Vec<Bytes>,
    pub operation: Operation,
    /// In whose words the provider tells its errors, and what it streams.
    pub dialect: Dialect,
    pub hide_usage: bool,
    /// Names of fields that the provider can not take and that were left out.
    pub dropped: Vec<String>,
    pub reading: Reading,
}

/// How a provider's answer becomes the caller's.
pub(in super::super) enum Reading {
    /// It passes as it is.
    AsItCame,
    /// It is told in the caller's words.
    Told(EncodeContext),
    Embeddings(EmbeddingDialect),
    /// It passes as it is; what it says is recorded.
    Rerank,
}

impl CallBody {
    /// # Errors
    /// [`LlmError::Untranslatable`] when the bytes must be understood and can not be.
    pub fn new(
        asking: Asking,
        (model, stream): (String, bool),
        (bytes, kept): (Bytes, Kept),
        leniency: Leniency,
        (answer_id, created): (String, i64),
    ) -> Result<Self, LlmError> {
        let meaning = match asking {
            Asking::Chat(_) => Meaning::Chat(OnceLock::new()),
            Asking::Embeddings => Meaning::Embeddings(Box::new(EmbeddingRequest::parse(&bytes)?)),
            Asking::Rerank => Meaning::Rerank(Box::new(RerankQuery::parse(&bytes)?)),
        };
        Ok(Self {
            asking,
            model,
            stream,
            bytes,
            leniency,
            kept,
            answer_id,
            created,
            meaning,
        })
    }

    pub const fn surface(&self) -> Dialect {
        self.asking.surface()
    }

    /// The chat that the bytes mean.
    ///
    /// # Errors
    /// When they are no chat of the surface.
    pub fn understood(&self) -> Result<&chat::Request, LlmError> {
        let understood = match &self.meaning {
            Meaning::Chat(understood) => understood,
            Meaning::Embeddings(_) | Meaning::Rerank(_) => {
                return Err(Untranslatable::new("", "it is not a chat").into());
            }
        };
        let understood =
            understood.get_or_init(|| self.surface().decode_request(&self.bytes).map(Box::new));
        understood
            .as_deref()
            .map_err(|error| LlmError::Untranslatable(error.clone()))
    }

    /// What is asked to be embedded, where that is asked.
    pub fn embeddings(&self) -> Option<&EmbeddingRequest> {
        match &self.meaning {
            Meaning::Embeddings(request) => Some(request),
            Meaning::Chat(_) | Meaning::Rerank(_) => None,
        }
    }

    /// Lets guards look at what the model will read. What they redact is redacted in the bytes too.
    ///
    /// # Errors
    /// [`LlmError::Blocked`]; or when it can not be looked at, or not be written anew.
    pub async fn guard(&mut self, guards: &GuardPlan) -> Result<Vec<Finding>, LlmError> {
        let findings = match &self.meaning {
            Meaning::Chat(_) => {
                let mut request = self.understood()?.clone();
                let findings = guards
                    .check_input(|change| request.each_text_mut(&mut |text| change(text)))
                    .await?;
                if redacts(&findings) {
                    let surface = self.surface();
                    let Encoded { body, .. } =
                        surface.encode_request(&request, Leniency::Refuse)?;
                    self.bytes = body;
                    self.meaning = Meaning::Chat(OnceLock::from(Ok(Box::new(request))));
                }
                findings
            }
            Meaning::Embeddings(request) => {
                if request.has_tokens() {
                    let why = "guardrails look at text; send text in place of tokens";
                    return Err(Untranslatable::new("input", why).into());
                }
                let mut request = request.clone();
                let findings = guards
                    .check_input(|change| request.each_text_mut(&mut |text| change(text)))
                    .await?;
                if redacts(&findings) {
                    self.bytes = request.encode();
                    self.meaning = Meaning::Embeddings(request);
                }
                findings
            }
            Meaning::Rerank(query) => {
                let mut query = query.clone();
                let findings = guards
                    .check_input(|change| query.each_text_mut(&mut |text| change(text)))
                    .await?;
                if redacts(&findings) {
                    self.bytes = query.encode();
                    self.meaning = Meaning::Rerank(query);
                }
                findings
            }
        };
        Ok(findings)
    }

    /// How an answer of ours is written to the caller; only a chat's needs to know anything.
    ///
    /// # Errors
    /// When the bytes are no request of the surface.
    pub fn context(&self) -> Result<EncodeContext, LlmError> {
        if !matches!(self.asking, Asking::Chat(_)) {
            return Ok(EncodeContext::default());
        }
        let request = self.understood()?;
        let surface = self.surface();
        Ok(surface.context(request, &self.answer_id, self.created))
    }

    /// The body for `provider`, naming `model` as it does.
    ///
    /// # Errors
    /// [`LlmError::Untranslatable`], naming the field that the provider has no word for, or
    /// [`LlmError::NotAskable`] when the provider serves no such thing.
    pub fn prepare(
        &self,
        provider: &Provider,
        model: &str,
        params: &Map<String, Value>,
    ) -> Result<Prepared, LlmError> {
        match &self.meaning {
            Meaning::Chat(_) => self.prepare_chat(provider, model, params),
            Meaning::Embeddings(request) => {
                self.prepare_embeddings(request, (provider, model), params)
            }
            Meaning::Rerank(_) => self.prepare_rerank(provider, model, params),
        }
    }

    fn prepare_chat(
        &self,
        provider: &Provider,
        model: &str,
        params: &Map<String, Value>,
    ) -> Result<Prepared, LlmError> {
        let dialect = provider.dialect_for(self.surface());
        let operation = Operation::Chat(dialect);
        let manners = provider.manners(operation);
        let with_usage = self.stream && manners.usage_on_request && dialect == Dialect::OpenAiChat;
        let upstream_model = provider.upstream_model(model);
        if dialect == self.surface() {
            let renamed = (upstream_model != self.model).then_some(upstream_model);
            let Edited { body, hide_usage } = edited(&self.bytes, renamed, params, with_usage)?;
            return Ok(Prepared {
                bodies: vec![body],
                operation,
                dialect,
                hide_usage,
                dropped: Vec::new(),
                reading: Reading::AsItCame,
            });
        }
        let mut request = self.understood()?.clone();
        upstream_model.clone_into(&mut request.model);
        let Encoded { body, dropped } = dialect.encode_request(&request, self.leniency)?;
        let Edited { body, .. } = edited(&body, None, params, with_usage)?;
        Ok(Prepared {
            bodies: vec![body],
            operation,
            dialect,
            hide_usage: false,
            dropped,
            reading: Reading::Told(self.context()?),
        })
    }
}

pub(in super::super) fn redacts(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.action == Action::Redact)
}
