//! Reading a file: its pages as blocks of text with their places, by whichever engine reads each page best.

mod error;
pub mod formats;
mod guess;
mod kind;
mod model;
mod text;

pub use error::{ExtractionError, Limit};
pub use kind::{FileKind, ImageKind, NativeKind, UnknownFileKind};
pub use model::{
    Block, BlockKind, FileMetadata, Line, Page, PageSize, Rect, TextSource, UnknownTextSource,
};
pub use text::{PlacedBlock, SEPARATOR, SEPARATOR_CHARS, placed_blocks, text_of};
