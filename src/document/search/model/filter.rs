//! Which documents a search is about.

use crate::document::{
    chunking::ChunkKind,
    extraction::FileKind,
    model::{DocumentId, Folder},
};

/// Everything that is given must hold; of a list, one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchFilter {
    pub documents: Vec<DocumentId>,
    /// In this folder, or in one inside it.
    pub folder: Option<Folder>,
    /// With every one of these.
    pub tags: Vec<String>,
    /// Of the file.
    pub kinds: Vec<FileKind>,
    /// Of the document: `ja`, `en`.
    pub languages: Vec<String>,
    pub years: Option<Years>,
    /// Part of an author's name; upper and lower case of ASCII letters are the same.
    pub author: Option<String>,
    pub doi: Option<String>,
    /// Of the chunk.
    pub chunk_kinds: Vec<ChunkKind>,
}

/// From the first to the last, both included; open where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Years {
    pub from: Option<i32>,
    pub to: Option<i32>,
}

impl SearchFilter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
