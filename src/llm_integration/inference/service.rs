//! Embeds and reranks with the models of this process.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{task, time};
use tokio_util::sync::CancellationToken;

use super::{
    InferenceError, InferenceSettings, InferenceState, LongTexts, ModelInfo, Purpose,
    catalog::Catalog,
    metrics,
    model::{EmbeddingSpec, ModelKind, Scores, Task, shortened},
    runtime::{Encoded, Encoder},
    slot::Slot,
};

/// How often models are looked at that nobody asks.
const UNLOAD_INTERVAL: Duration = Duration::from_secs(1);

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

/// What becomes of a request when more tokens wait than `inference.max_waiting_tokens`.
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
pub struct Inference(Arc<Inner>);

struct Inner {
    settings: InferenceSettings,
    catalog: Catalog,
}

/// What a graph made of one request's inputs.
struct Made {
    rows: Vec<Vec<f32>>,
    tokens: u64,
    cut: usize,
}

impl Inference {
    /// Reads what models there are; loads none. `data` is the data directory, `processors` those of this process.
    pub fn new(settings: &InferenceSettings, data: &Path, processors: usize) -> Self {
        Self(Arc::new(Inner {
            settings: settings.clone(),
            catalog: Catalog::read(settings, data, processors),
        }))
    }

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
        let request = EmbedRequest {
            texts,
            purpose,
            dimension: None,
            long_texts: None,
            when_full: WhenFull::Wait,
        };
        self.embed_request(model, request).await
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
        let request = RerankRequest {
            query,
            documents,
            when_full: WhenFull::Wait,
        };
        self.rerank_request(model, request).await
    }

    /// # Errors
    /// See [`InferenceError`].
    pub async fn embed_request(
        &self,
        model: Option<&str>,
        request: EmbedRequest,
    ) -> Result<Embedded, InferenceError> {
        let slot = self.0.catalog.slot(model, ModelKind::Embedding)?;
        let Task::Embedding(spec) = slot.spec.task.clone() else {
            return Err(slot.failed("it makes no embeddings"));
        };
        let dimension = checked_dimension(slot, &spec, request.dimension)?;
        let info = slot.info().await?;
        let prefix = match request.purpose {
            Purpose::Query => spec.query_prefix,
            Purpose::Passage => spec.passage_prefix,
        };
        let long_texts = request.long_texts.unwrap_or(self.0.settings.long_texts);
        let texts = request.texts;
        let encode = move |encoder: &Encoder| encoder.texts(&prefix, texts);
        let made = self
            .run(slot, long_texts, request.when_full, encode)
            .await?;
        let vectors = made.rows.into_iter();
        Ok(Embedded {
            model: info,
            vectors: vectors
                .map(|vector| shortened(vector, dimension, spec.normalize))
                .collect(),
            tokens: made.tokens,
            cut: made.cut,
        })
    }

    /// # Errors
    /// See [`InferenceError`].
    pub async fn rerank_request(
        &self,
        model: Option<&str>,
        request: RerankRequest,
    ) -> Result<Reranked, InferenceError> {
        let slot = self.0.catalog.slot(model, ModelKind::Reranking)?;
        let info = slot.info().await?;
        let RerankRequest {
            query,
            documents,
            when_full,
        } = request;
        let encode = move |encoder: &Encoder| encoder.pairs(&query, documents);
        let made = self.run(slot, LongTexts::Cut, when_full, encode).await?;
        let is_raw = matches!(
            &slot.spec.task,
            Task::Reranking {
                scores: Scores::Raw
            }
        );
        let score = |row: &Vec<f32>| {
            let raw = row.first().copied().unwrap_or(f32::NEG_INFINITY);
            if is_raw {
                raw
            } else {
                1.0 / (1.0 + (-raw).exp())
            }
        };
        Ok(Reranked {
            model: info,
            scores: made.rows.iter().map(score).collect(),
            tokens: made.tokens,
            cut: made.cut,
        })
    }

    async fn run(
        &self,
        slot: &Slot,
        long_texts: LongTexts,
        when_full: WhenFull,
        encode: impl FnOnce(&Encoder) -> Result<Encoded, String> + Send + 'static,
    ) -> Result<Made, InferenceError> {
        let opened = slot.open().await?;
        let tokenizer = opened.encoder.clone();
        let made = task::spawn_blocking(move || encode(&tokenizer)).await;
        let made = made.unwrap_or_else(|error| Err(error.to_string()));
        let Encoded {
            inputs,
            tokens,
            cut,
        } = made.map_err(|why| slot.failed(&why))?;
        if long_texts == LongTexts::Refuse
            && let Some(position) = cut.first().copied()
        {
            return Err(InferenceError::TooLong {
                model: slot.spec.name.to_string(),
                position,
                limit: slot.spec.max_tokens,
            });
        }
        let room = slot.room(tokens, when_full).await?;
        let waited = self.0.settings.timeout();
        let rows = time::timeout(waited, slot.run(opened, inputs, room)).await;
        let rows = rows.map_err(|_| {
            metrics::refused(&slot.spec.name, "timeout");
            InferenceError::Timeout {
                model: slot.spec.name.to_string(),
                waited,
            }
        })??;
        Ok(Made {
            rows,
            tokens,
            cut: cut.len(),
        })
    }

    /// The embedding model of those who name none; `None` where there is none that can be used. Its fingerprint is
    /// made of its files when it is first asked for.
    pub async fn default_model(&self) -> Option<Arc<ModelInfo>> {
        self.default_of(ModelKind::Embedding).await
    }

    /// The reranker of those who name none.
    pub async fn default_reranker(&self) -> Option<Arc<ModelInfo>> {
        self.default_of(ModelKind::Reranking).await
    }

    async fn default_of(&self, kind: ModelKind) -> Option<Arc<ModelInfo>> {
        let slot = self.0.catalog.slot(None, kind).ok()?;
        let info = slot.info().await;
        info.inspect_err(|error| tracing::warn!(%error, "the default model can not be used"))
            .ok()
    }

    /// Whether the operator wants models here at all.
    pub fn is_on(&self) -> bool {
        self.0.settings.enabled
    }

    /// What can be asked, and what is wrong.
    pub fn state(&self) -> InferenceState {
        self.0.catalog.state()
    }

    /// Tokens that wait, for each model: what no request leaves on `/metrics` itself.
    pub fn set_gauges(&self) {
        for slot in self.0.catalog.slots() {
            metrics::waiting(&slot.spec.name, slot.waiting());
        }
    }

    /// Unloads models that nobody asks; at the end, all. Returns when what they were given is done.
    pub async fn keep(self, stop: CancellationToken) {
        let idle = self.0.settings.unload_after();
        while stop
            .run_until_cancelled(time::sleep(UNLOAD_INTERVAL))
            .await
            .is_some()
        {
            if idle.is_some() {
                for slot in self.0.catalog.slots() {
                    slot.unload(idle).await;
                }
            }
        }
        for slot in self.0.catalog.slots() {
            slot.unload(None).await;
        }
    }
}

/// A dimension that the model was trained for.
fn checked_dimension(
    slot: &Slot,
    spec: &EmbeddingSpec,
    wanted: Option<usize>,
) -> Result<usize, InferenceError> {
    match wanted {
        None => Ok(spec.dimension),
        Some(wanted) if wanted == spec.dimension || spec.dimensions.contains(&wanted) => Ok(wanted),
        Some(wanted) => {
            let mut known: Vec<String> = spec.dimensions.iter().map(usize::to_string).collect();
            known.push(spec.dimension.to_string());
            let (name, known) = (&slot.spec.name, known.join(", "));
            Err(InferenceError::Invalid {
                what: format!("`{name}` makes vectors of {known} numbers, not of {wanted}"),
            })
        }
    }
}
