//! ODT: paragraphs, headings, lists, tables, notes; what is hidden by its style is told apart.

mod content;
mod document;
mod styles;

pub use document::read;
