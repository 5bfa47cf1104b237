//! What can be asked of a provider, and how a provider wants to be asked.

use crate::llm_integration::dialects::Dialect;

/// One thing that a provider can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A conversation whose body is written in this dialect.
    Chat(Dialect),
    /// How many input tokens a body of [`Operation::Chat`] has.
    CountTokens(Dialect),
    Embeddings,
    /// Documents in the order in which they answer a query, as Cohere and Jina have it.
    Rerank,
    /// The list of models.
    Models,
}

/// An operation with what decides where it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub operation: Operation,
    /// The model's name as the provider knows it: without our prefix, after aliases.
    pub model: &'a str,
    pub stream: bool,
}

/// What a provider wants of a body, and how it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// Whether the body names the model; otherwise the address does.
    pub model_in_body: bool,
    /// Whether a stream tells its usage only when `stream_options.include_usage` asks for it.
    pub usage_on_request: bool,
    pub framing: Framing,
}

/// What a streamed answer is cut into events by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// `text/event-stream`
    ServerSentEvents,
    /// `application/vnd.amazon.eventstream`
    AwsEventStream,
}

impl Manners {
    /// OpenAI's: the model and `stream` are in the body, usage comes when it is asked for.
    pub const OPENAI: Self = Self {
        model_in_body: true,
        usage_on_request: true,
        framing: Framing::ServerSentEvents,
    };
}

/// How the texts of [`Operation::Embeddings`] are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddingDialect {
    OpenAi,
    /// `batchEmbedContents`
    Gemini,
    /// Amazon Titan on Bedrock: one text a call.
    Titan,
    /// Cohere on Bedrock.
    Cohere,
}
