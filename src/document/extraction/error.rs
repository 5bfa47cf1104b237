//! Why a file could not be read, in words for the person who uploaded it.

use serde::{Deserialize, Serialize};

/// Ends the reading of a file. It travels from the child that reads to the worker, so it holds plain values only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ExtractionError {
    #[error("the file is encrypted: upload a copy that opens without a password")]
    Encrypted,
    #[error("the file can not be read as {format}: {problem}")]
    Damaged { format: String, problem: String },
    /// A limit of `[documents.extraction]`, by its key.
    #[error("{found} is more than `documents.extraction.{setting}` allows ({limit})")]
    TooLarge {
        setting: String,
        /// What was found, with its unit: `12000 pages`.
        found: String,
        limit: u64,
    },
    #[error("reading took longer than `documents.extraction.{setting}` allows ({limit} s)")]
    TooSlow { setting: String, limit: u64 },
    #[error("reading needs more memory than `documents.extraction.memory_mib` allows ({limit} MiB)")]
    OutOfMemory { limit: u64 },
    /// The child ended without a word: a signal, or an exit code.
    #[error("the reader of this file broke: {how}")]
    Crashed { how: String },
    #[error("{engine} is missing: {remedy}")]
    EngineMissing { engine: String, remedy: String },
    /// The machine's fault, not the file's.
    #[error("the reader can not be run: {problem}")]
    Unavailable { problem: String },
    #[error("reading was cancelled")]
    Cancelled,
}

impl ExtractionError {
    /// Whether another attempt, later or elsewhere, may end otherwise.
    pub const fn may_be_retried(&self) -> bool {
        match self {
            Self::Encrypted
            | Self::Damaged { .. }
            | Self::TooLarge { .. }
            | Self::OutOfMemory { .. } => false,
            Self::TooSlow { .. }
            | Self::Crashed { .. }
            | Self::EngineMissing { .. }
            | Self::Unavailable { .. }
            | Self::Cancelled => true,
        }
    }
}
