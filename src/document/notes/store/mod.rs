//! Rows and queries of notes.

mod notes;
mod parts;
mod versions;

pub use notes::{
    NotePosition, delete_note, find_note, forget, in_writing, insert_note, notes, open_note,
    save_note,
};
pub use parts::{Part, delete_parts, insert_part, parts};
pub use versions::{find_version, insert_version, versions};
