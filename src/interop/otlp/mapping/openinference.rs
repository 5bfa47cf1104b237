//! OpenInference: `openinference.span.kind`, `llm.*`, `retrieval.*`, and lists that are flattened into
//! keys such as `llm.input_messages.0.message.role`.

use super::{
    flattened::{self, Wrappers},
    kind::named,
    view::{Io, SpanView},
};
use crate::llm_integration::{JsonText, ObservationKind};

/// Prefixes of the lists that become inputs and outputs.
pub const INPUT_MESSAGES: &str = "llm.input_messages.";
pub const OUTPUT_MESSAGES: &str = "llm.output_messages.";
const DOCUMENTS: &str = "retrieval.documents.";
const RERANKED: &str = "reranker.output_documents.";
const TO_RERANK: &str = "reranker.input_documents.";
const EMBEDDINGS: &str = "embedding.embeddings.";

/// Levels of the flattened form that only repeat what the list is of.
const WRAPPERS: Wrappers = &[
    "message",
    "message_content",
    "tool_call",
    "document",
    "embedding",
];

pub fn kind(view: &SpanView<'_>) -> Option<ObservationKind> {
    use ObservationKind as K;
    const KINDS: &[(&str, K)] = &[
        ("LLM", K::Generation),
        ("EMBEDDING", K::Embedding),
        ("CHAIN", K::Chain),
        ("RETRIEVER", K::Retriever),
        ("RERANKER", K::Retriever),
        ("TOOL", K::Tool),
        ("AGENT", K::Agent),
        ("GUARDRAIL", K::Guardrail),
        ("EVALUATOR", K::Evaluator),
    ];
    let word = view.attributes.text("openinference.span.kind")?;
    named(&word.to_ascii_uppercase(), KINDS)
}

fn list(view: &SpanView<'_>, prefix: &str) -> Option<JsonText> {
    flattened::list(view.attributes, prefix, WRAPPERS)
}

pub fn messages(view: &SpanView<'_>) -> Option<Io> {
    Io::of(list(view, INPUT_MESSAGES), list(view, OUTPUT_MESSAGES))
}

/// What was searched, ranked or embedded, where the span has no plain input and output.
pub fn documents(view: &SpanView<'_>) -> Option<Io> {
    let query = view.attributes.meaningful("reranker.query");
    let input = query
        .map(JsonText::of)
        .or_else(|| list(view, TO_RERANK))
        .or_else(|| list(view, EMBEDDINGS));
    Io::of(
        input,
        list(view, DOCUMENTS).or_else(|| list(view, RERANKED)),
    )
}
