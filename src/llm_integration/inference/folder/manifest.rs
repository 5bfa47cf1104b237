//! `model.toml`: what a model's maker did not say in files of sentence-transformers, or what an operator says otherwise.

use serde::Deserialize;

use crate::llm_integration::inference::model::{ModelKind, Pooling, Scores};

/// Every key may be left out where another file says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manifest {
    pub kind: Option<ModelKind>,
    /// The graph's file in the folder.
    pub graph: Option<String>,
    pub max_tokens: Option<usize>,
    pub padding_token: Option<u32>,
    pub pooling: Option<Pooling>,
    pub normalize: Option<bool>,
    pub dimension: Option<usize>,
    /// Shorter ones that the model was trained for (Matryoshka).
    pub dimensions: Vec<usize>,
    pub query_prefix: Option<String>,
    pub passage_prefix: Option<String>,
    pub scores: Option<Scores>,
}
