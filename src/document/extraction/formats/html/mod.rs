//! HTML, and the XHTML of books, read token by token in one pass.
//!
//! No tree is built: whatever a page nests, memory and time grow with its length alone. Everything that a page shows
//! is kept, also what a reader's view would leave out: what repeats beside the text (navigation, footers) is marked.

mod attributes;
mod elements;
mod stack;
mod tokens;
mod walk;

pub use tokens::{Markup, read, walk};
