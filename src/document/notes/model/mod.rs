//! Notes on documents: what kinds there are, what one says, and how it becomes Markdown. Pure.

mod kind;
mod markdown;
mod note;
mod request;

pub use kind::NoteKind;
pub use markdown::render;
pub use note::{Note, NoteContent, NoteId, NoteState, NoteVersion, Origin, TITLE_MAX_CHARS};
pub use request::NewNote;
