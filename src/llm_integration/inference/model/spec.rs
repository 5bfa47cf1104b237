//! All that decides what a model makes of a text.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ModelKind, ModelName, Pooling};

/// A model as its folder describes it.
#[derive(Clone, Debug)]
pub struct ModelSpec {
    pub name: ModelName,
    pub folder: PathBuf,
    /// The graph.
    pub graph: PathBuf,
    pub tokenizer: PathBuf,
    /// Tokens of one input, special ones included.
    pub max_tokens: usize,
    /// The token that fills up shorter inputs of a batch.
    pub padding: u32,
    pub task: Task,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    Embedding(EmbeddingSpec),
    Reranking { scores: Scores },
}

#[derive(Clone, Debug, Serialize)]
pub struct EmbeddingSpec {
    pub pooling: Pooling,
    /// Whether vectors have length 1.
    pub normalize: bool,
    pub dimension: usize,
    /// Shorter ones that the model was trained for (Matryoshka), each below `dimension`.
    pub dimensions: Vec<usize>,
    pub query_prefix: String,
    pub passage_prefix: String,
}

/// What a reranker's number becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scores {
    /// From 0 to 1, as sentence-transformers has it.
    Sigmoid,
    /// As it is.
    Raw,
}

impl ModelSpec {
    pub const fn kind(&self) -> ModelKind {
        match self.task {
            Task::Embedding(_) => ModelKind::Embedding,
            Task::Reranking { .. } => ModelKind::Reranking,
        }
    }

    pub const fn dimension(&self) -> usize {
        match &self.task {
            Task::Embedding(embedding) => embedding.dimension,
            Task::Reranking { .. } => 0,
        }
    }
}
