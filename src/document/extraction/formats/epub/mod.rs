//! Books: a chapter, as the spine lists them, is a page, with the name that the table of contents gives it.

mod book;
mod contents;
mod package;

pub use book::read;
