//! Reading a file: its pages as blocks of text with their places, by whichever engine reads each page best.
//!
//! Nothing is parsed in the process that asks: [`Extractor`] runs children of the same binary that can reach nothing
//! but the file they were given (`sandbox`), and their answers come back page by page.

mod error;
mod model;
mod settings;

pub use error::ExtractionError;
pub use model::{
    Block, BlockKind, FileMetadata, Line, Page, PageSize, Rect, TextSource, UnknownTextSource,
};
pub use settings::{EngineSettings, ExtractionSettings};
