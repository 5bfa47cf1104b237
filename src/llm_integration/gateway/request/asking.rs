//! What a call asks for, and in whose words.

use crate::llm_integration::{ObservationKind, dialects::Dialect};

/// The operations that take the same way through the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Asking {
    /// A chat, in the words of a surface.
    Chat(Dialect),
    /// Embeddings, in OpenAI's words.
    Embeddings,
    /// Documents in the order in which they answer a query, in Cohere's and Jina's words.
    Rerank,
}

impl Asking {
    /// Whose clients it comes from: what fails is told in their words.
    pub const fn surface(self) -> Dialect {
        match self {
            Self::Chat(surface) => surface,
            Self::Embeddings | Self::Rerank => Dialect::OpenAiChat,
        }
    }

    /// The operation, in OpenTelemetry's words.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Chat(_) => "chat",
            Self::Embeddings => "embeddings",
            Self::Rerank => "rerank",
        }
    }

    /// What its trace calls it.
    pub const fn kind(self) -> ObservationKind {
        match self {
            Self::Chat(_) => ObservationKind::Generation,
            Self::Embeddings => ObservationKind::Embedding,
            Self::Rerank => ObservationKind::Retriever,
        }
    }

    /// Its name in the keys of the cache.
    pub const fn cache_name(self) -> &'static str {
        match self {
            Self::Chat(Dialect::OpenAiChat) => "openai_chat",
            Self::Chat(Dialect::OpenAiResponses) => "openai_responses",
            Self::Chat(Dialect::Anthropic) => "anthropic",
            Self::Chat(Dialect::Gemini) => "gemini",
            Self::Chat(Dialect::Bedrock) => "bedrock",
            Self::Embeddings => "openai_embeddings",
            Self::Rerank => "rerank",
        }
    }
}
