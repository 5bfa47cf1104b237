//! Reranking: documents in the order in which they answer a query, in the form that Cohere and Jina gave it and others took over.
//! Pure.

mod answer;
mod request;

pub use answer::{Ranked, RerankAnswer};
pub use request::{Document, RerankQuery};
