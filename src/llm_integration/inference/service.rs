//! Embeds and reranks with the models of this process.

use std::sync::Arc;

use super::{InferenceError, InferenceState, LongTexts, ModelInfo, Purpose};

/// Texts to embed.
#[derive(Clone, Debug)]
pub struct EmbedRequest {
    pub texts: Vec<String>,
    pub purpose: Purpose,
    /// Numbers of a vector; `None` = as many as the model makes.
    pub dimension: Option<usize>,
    /// `None` = as the settings say.
    pub long_texts: Option<LongTexts>,
    pub when_full: WhenFull,
}

/// Documents to judge by how well they answer a query.
#[derive(Clone, Debug)]
pub struct RerankRequest {
    pub query: String,
    pub documents: Vec<String>,
    pub when_full: WhenFull,
}

/// What becomes of a request when more texts wait than `inference.max_waiting_texts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    Wait,
    /// [`InferenceError::Overloaded`].
    Refuse,
}

/// The vectors of texts, in their order.
#[derive(Clone, Debug)]
pub struct Embedded {
    pub model: Arc<ModelInfo>,
    pub vectors: Vec<Vec<f32>>,
    /// Special ones included; those that were cut are not counted.
    pub tokens: u64,
    /// How many texts were cut at the model's limit.
    pub cut: usize,
}

/// The scores of documents, in their order.
#[derive(Clone, Debug)]
pub struct Reranked {
    pub model: Arc<ModelInfo>,
    pub scores: Vec<f32>,
    pub tokens: u64,
    pub cut: usize,
}

/// The models of this process. Cheap to clone.
#[derive(Clone)]
pub struct Inference;

impl Inference {
    /// Embeds texts; waits for room where others are before them. `None` = the default model.
    ///
    /// # Errors
    /// See [`InferenceError`].
    pub async fn embed(
        &self,
        model: Option<&str>,
        texts: Vec<String>,
        purpose: Purpose,
    ) -> Result<Embedded, InferenceError> {
        let _ = (model, texts, purpose);
        Err(InferenceError::Off)
    }

    /// Judges documents; waits for room. `None` = the default reranker.
    ///
    /// # Errors
    /// See [`InferenceError`].
    pub async fn rerank(
        &self,
        model: Option<&str>,
        query: String,
        documents: Vec<String>,
    ) -> Result<Reranked, InferenceError> {
        let _ = (model, query, documents);
        Err(InferenceError::Off)
    }

    /// The embedding model of those who name none; `None` where there is none that can be used. Its fingerprint is
    /// made of its files when it is first asked for.
    pub async fn default_model(&self) -> Option<Arc<ModelInfo>> {
        None
    }

    /// The reranker of those who name none.
    pub async fn default_reranker(&self) -> Option<Arc<ModelInfo>> {
        None
    }

    /// What can be asked, and what is wrong.
    pub fn state(&self) -> InferenceState {
        InferenceState {
            models: Vec::new(),
            problems: Vec::new(),
        }
    }
}
