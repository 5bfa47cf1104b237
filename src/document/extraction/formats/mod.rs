//! Files that hold their text as such: Office documents, books, pages of the web, Markdown, plain text, tables.
//!
//! Each reader walks its file once, under [`FormatLimits`], and hands over pages as they are complete. Nothing that a
//! file names is fetched, no entity is expanded, no name out of an archive is used as a path. Where a character has a
//! reading beside it (ruby), the character is kept and the reading is left out.

mod archive;
mod container;
mod csv;
mod docx;
mod encoding;
mod epub;
mod flow;
#[cfg(test)]
mod fuzz;
mod html;
mod limits;
mod markdown;
mod odt;
mod office;
mod pages;
mod picture;
mod plain;
mod pptx;
mod reading;
mod tables;
mod xlsx;
mod xml;

pub use container::kind_of_archive;
pub use encoding::{is_html, is_text};
pub use limits::FormatLimits;
pub use picture::{decode_image, shrunken_image};
pub use reading::read;
