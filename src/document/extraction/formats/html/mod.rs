//! HTML, and the XHTML of books, read token by token in one pass.
//!
//! No tree is built: whatever a page nests, memory and time grow with its length alone. Everything that a page shows
//! is kept; what repeats beside the text (navigation, footers) is marked. A reader's view would leave more out:
//! `dom_smoothie` loses more than a tenth of the text of half the pages of `LibreOffice`'s help and of 12 in 15 of the
//! Debian Reference, whose tables and lists it takes for no text, and is no faster.

mod attributes;
mod elements;
mod stack;
mod tokens;
mod walk;

pub use tokens::{Markup, read, walk};
