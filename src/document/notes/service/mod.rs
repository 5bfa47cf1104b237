//! `Notes`: asking for notes, editing them, and writing them in the background.

mod edit;
mod notes;
mod read;
mod settling;
mod writing;

pub use notes::{NoteParts, Notes};
pub use read::NoteDetails;
