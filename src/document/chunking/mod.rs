//! Cutting a document's text into chunks: the pieces that are indexed, found and given to models.
//!
//! A chunk follows the document's structure: it stays within a section, keeps paragraphs, tables and code whole while
//! they fit, and breaks a longer paragraph between sentences. Its text is exactly a part of the document's text.

mod model;
mod packing;
mod sentences;
mod splitting;
mod units;

pub use model::{Chunk, ChunkKind, ChunkSettings, Context, InvalidChunkSettings, Version};
pub use packing::chunks;
