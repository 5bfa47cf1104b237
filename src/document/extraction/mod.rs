//! Reading a file: its pages as blocks of text with their places, by whichever engine reads each page best.

mod error;
mod formats;
mod kind;
mod model;
mod text;

pub use error::ExtractionError;
pub use kind::FileKind;
pub use model::{
    Block, BlockKind, FileMetadata, Line, Page, PageSize, Rect, TextSource, UnknownTextSource,
};
pub use text::{PlacedBlock, SEPARATOR, SEPARATOR_CHARS, placed, placed_blocks, text_of};
