//! Reading a file: its pages as blocks of text with their places, by whichever engine reads each page best.
//!
//! Nothing is parsed in the process that asks. [`Extractor`] runs children of the same binary that can reach nothing
//! but the file they were given ([`sandbox`]); [`reader`] is what runs in them, and what it says comes back page by page.

mod error;
mod extractor;
pub mod formats;
mod guess;
mod kind;
mod layout;
mod model;
mod pdf;
mod places;
mod quality;
mod reader;
mod sandbox;
mod settings;
mod text;
mod wire;

pub use error::{ExtractionError, Limit};
pub use extractor::{Engines, Extractor, Frame, Frames};
#[cfg(test)]
pub(super) use guess::{doi as guess_doi, language as guess_language, year as guess_year};
pub use kind::{FileKind, ImageKind, NativeKind, UnknownFileKind};
pub use model::{
    Block, BlockKind, FileMetadata, Line, Page, PageSize, Rect, TextSource, UnknownTextSource,
};
pub use places::VersionText;
pub use reader::run as read_in_sandbox;
pub use sandbox::{
    Level as SandboxLevel, ProgramOrder, SandboxState, attempt_everything, become_program,
};
pub use settings::{EngineSettings, ExtractionSettings};
pub use text::{PlacedBlock, SEPARATOR, SEPARATOR_CHARS, placed, placed_blocks, text_of};
