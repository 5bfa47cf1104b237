//! Models that run in this process: embeddings and reranking, through ONNX Runtime.
//!
//! A model is a folder (`folder`): `model.onnx`, `tokenizer.json`, and what sentence-transformers or a `model.toml` says of
//! it. It is loaded when it is first asked and unloaded when nobody asks any more (`slot`). Each loaded model
//! has one session on one thread (`runtime`), which joins the texts of all who wait into batches of nearly equal length.
//! Without a model, or without ONNX Runtime, [`Inference`] says what is missing and everything else works.

mod catalog;
mod error;
mod folder;
mod metrics;
mod model;
mod openai;
mod runtime;
mod service;
mod settings;
mod slot;
mod state;

pub use error::InferenceError;
pub use model::{ModelInfo, ModelKind, ModelName, Purpose};
pub(super) use openai::serve;
pub use service::{EmbedRequest, Embedded, Inference, RerankRequest, Reranked, WhenFull};
pub use settings::{DeviceChoice, InferenceSettings, LongTexts};
pub use state::{InferenceState, ModelState};
