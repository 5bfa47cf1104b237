//! What a model is, and the arithmetic around it: names, settings, batches, pooling. Pure.

mod batches;
mod info;
mod name;
mod pooling;
mod spec;

pub(super) use batches::{Batch, BatchSize, Batches, Input, Part};
pub use info::{ModelInfo, ModelKind, Purpose};
pub use name::ModelName;
pub(super) use pooling::{Hidden, Pooling, shortened};
pub(super) use spec::{EmbeddingSpec, ModelSpec, Scores, Task};
