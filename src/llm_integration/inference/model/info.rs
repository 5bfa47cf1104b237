//! What others know of a model.

use serde::{Deserialize, Serialize};

use super::ModelName;

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// It makes a vector of a text.
    Embedding,
    /// It says how well a document answers a query.
    Reranking,
}

impl ModelKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::Reranking => "reranking",
        }
    }

    /// In a sentence.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Embedding => "embeddings",
            Self::Reranking => "reranking",
        }
    }
}

/// What a text is embedded for: many models were trained with a prefix for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To find passages.
    Query,
    /// To be found.
    Passage,
}

/// One model of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    pub name: ModelName,
    pub kind: ModelKind,
    /// Numbers of a vector; 0 for a reranker.
    pub dimension: usize,
    pub max_tokens: usize,
    /// Of the model's files and settings: vectors of two models with the same fingerprint can be compared.
    pub fingerprint: String,
}
