//! Notes on documents: summaries, key points, terms, question cards and comparisons, whose every sentence is proved by
//! the documents' own words.
//!
//! A model writes a note in the background, and once more when somebody asks for that; a person edits it. Each of these
//! makes a version, and versions never change. A note goes with the first of its documents that is deleted.

mod http;
mod jobs;
mod model;
mod prompt;
mod schema;
mod service;
mod store;

pub use http::routes;
pub use model::{
    NewNote, Note, NoteContent, NoteId, NoteKind, NoteState, NoteVersion, Origin as NoteOrigin,
};
pub use service::{NoteDetails, NoteParts, Notes};
pub(in crate::document) use store::forget;
