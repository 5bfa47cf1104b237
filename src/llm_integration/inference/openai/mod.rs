//! The models of this process as a server that speaks OpenAI's API, and Cohere's to rerank, for the provider `local`: it is
//! asked by no socket, and routed, limited, traced and counted as any other.

mod answer;
mod embeddings;
mod rerank;

pub use answer::serve;
