//! Why a file could not be read, each reason with a stable code; it crosses the pipe from the child that reads.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::kind::FileKind;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ExtractionError {
    /// Not one of the kinds that are read.
    #[error("the file is {found}; accepted are {}", FileKind::accepted())]
    UnsupportedType { found: String },
    #[error("the file is empty")]
    EmptyFile,
    #[error("the file is protected by a password; upload it without one")]
    Encrypted,
    /// It begins as its kind and does not go on so.
    #[error("{part} is damaged: {why}")]
    Damaged { part: String, why: String },
    /// It asks for what is never done: expanding entities, following a reference out of the file.
    #[error("{part} is refused: {why}")]
    Unsafe { part: String, why: String },
    #[error("the file has more than {allowed} {limit}")]
    TooLarge { limit: Limit, allowed: u64 },
    /// A program or a library that reading needs is not there.
    #[error("{engine} is missing: {why}")]
    EngineMissing { engine: String, why: String },
    /// An engine refused the file or failed on it.
    #[error("{engine} could not read it: {why}")]
    EngineFailed { engine: String, why: String },
    /// The child that read ended without an answer: a signal, a panic.
    #[error("reading ended abnormally: {how}")]
    Crashed { how: String },
    #[error("reading took longer than {seconds} s")]
    TimedOut { seconds: u64 },
    #[error("reading needed more than {mebibytes} MiB of memory")]
    OutOfMemory { mebibytes: u64 },
    /// The child that reads could not be started or spoken to.
    #[error("the reading process could not be used: {why}")]
    Sandbox { why: String },
    #[error("the file could not be read from where it is kept: {why}")]
    Io { why: String },
    #[error("reading was cancelled")]
    Cancelled,
}

impl ExtractionError {
    /// The snake_case name that clients match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedType { .. } => "unsupported_type",
            Self::EmptyFile => "empty_file",
            Self::Encrypted => "encrypted",
            Self::Damaged { .. } => "damaged",
            Self::Unsafe { .. } => "unsafe",
            Self::TooLarge { .. } => "too_large",
            Self::EngineMissing { .. } => "engine_missing",
            Self::EngineFailed { .. } => "engine_failed",
            Self::Crashed { .. } => "crashed",
            Self::TimedOut { .. } => "timed_out",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::Sandbox { .. } => "sandbox",
            Self::Io { .. } => "io",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the same file may be read another time; else the reason lies in the file itself.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::EngineMissing { .. }
                | Self::Crashed { .. }
                | Self::TimedOut { .. }
                | Self::Sandbox { .. }
                | Self::Io { .. }
        )
    }

    pub fn damaged(part: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Damaged {
            part: part.to_string(),
            why: why.to_string(),
        }
    }

    pub fn refused(part: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Unsafe {
            part: part.to_string(),
            why: why.to_string(),
        }
    }
}

impl From<std::io::Error> for ExtractionError {
    /// A reader over an archive's part wraps what it found in the error of its trait.
    fn from(error: std::io::Error) -> Self {
        let inner = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Self>());
        inner.cloned().unwrap_or_else(|| Self::Io {
            why: error.to_string(),
        })
    }
}

/// What there may not be more of, named with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    FileBytes,
    /// Of one part of an archive, after inflation.
    PartBytes,
    /// Of all parts of an archive that were read, after inflation.
    InflatedBytes,
    /// How many times larger a part is inflated.
    InflationRatio,
    ArchiveEntries,
    /// Elements of XML or HTML inside each other.
    Depth,
    /// Of one tag of HTML.
    Attributes,
    Pages,
    Blocks,
    Cells,
    /// Of text.
    Characters,
    Pixels,
    /// Of what a child writes to its parent.
    OutputBytes,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FileBytes => "bytes",
            Self::PartBytes => "bytes in one part",
            Self::InflatedBytes => "bytes after inflation",
            Self::InflationRatio => "bytes inflated from each byte",
            Self::ArchiveEntries => "entries in its archive",
            Self::Depth => "elements inside each other",
            Self::Attributes => "attributes in one tag",
            Self::Pages => "pages",
            Self::Blocks => "paragraphs and other blocks",
            Self::Cells => "table cells",
            Self::Characters => "characters",
            Self::Pixels => "pixels in one image",
            Self::OutputBytes => "bytes of text and layout",
        })
    }
}
