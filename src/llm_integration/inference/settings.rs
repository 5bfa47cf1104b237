//! The `[inference]` section.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// The folder of models in the data directory, where no other is set.
const DEFAULT_FOLDER: &str = "models";
/// ONNX Runtime in the folder of models, where no other is set.
const DEFAULT_LIBRARY: &str = "libonnxruntime.so";

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InferenceSettings {
    pub enabled: bool,
    pub models: String,
    pub onnxruntime: String,
    pub embedding_model: String,
    pub reranking_model: String,
    pub device: DeviceChoice,
    pub cuda_device: i32,
    pub cuda_memory_bytes: usize,
    pub threads: usize,
    pub batch_tokens: usize,
    pub max_waiting_tokens: usize,
    pub long_texts: LongTexts,
    pub timeout_seconds: u64,
    pub unload_after_seconds: u64,
}

/// Where models run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// On the GPU where there is one, else on the CPU.
    Auto,
    Cpu,
    /// On the GPU; on the CPU, with a word of it in the log and in readiness, where that fails.
    Cuda,
}

/// What becomes of a text with more tokens than its model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LongTexts {
    /// Its begin counts, as sentence-transformers has it. The answer says how many were cut.
    Cut,
    Refuse,
}

impl InferenceSettings {
    /// The folder whose folders are models.
    pub fn models_folder(&self, data: &Path) -> PathBuf {
        match self.models.trim() {
            "" => data.join(DEFAULT_FOLDER),
            folder => PathBuf::from(folder),
        }
    }

    /// The file of ONNX Runtime.
    pub fn library(&self, data: &Path) -> PathBuf {
        match self.onnxruntime.trim() {
            "" => self.models_folder(data).join(DEFAULT_LIBRARY),
            file => PathBuf::from(file),
        }
    }

    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// How long a model stays loaded that nobody asks; `None` = for ever.
    pub fn unload_after(&self) -> Option<Duration> {
        Some(self.unload_after_seconds)
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs)
    }
}
