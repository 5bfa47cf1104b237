//! Word documents: paragraphs by their styles, tables, notes, text boxes; what was deleted or hidden is told apart.

mod body;
mod document;
mod frames;
mod notes;
mod runs;
mod styles;

pub use document::read;
