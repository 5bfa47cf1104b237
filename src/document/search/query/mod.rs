//! What somebody asks for in words: a text with a few signs, and what of it must hold.

mod lexical;
mod marks;
mod parse;
mod phrase;

pub use lexical::{LexicalQuery, PREFIX_TERMS_MAX, TERMS_MAX};
pub use marks::Marks;
pub use parse::{InvalidQuery, QUERY_MAX_CHARS, Words};
pub use phrase::Phrase;
