//! What is asked of the model for a note.

use super::{NoteKind, TITLE_MAX_CHARS};
use crate::document::{DocumentError, DocumentId};

/// Documents of one note.
const SOURCES_MAX: usize = 20;
/// Aspects of a comparison.
const ASPECTS_MAX: usize = 20;
const ASPECT_MAX_CHARS: usize = 100;
const WISH_MAX_CHARS: usize = 1_000;

/// A note to be written: valid by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNote {
    pub kind: NoteKind,
    pub title: String,
    pub documents: Vec<DocumentId>,
    /// Rows of a comparison; the model chooses where there are none.
    pub aspects: Vec<String>,
    /// What else the writer shall keep in mind: a reader, a stress, a language.
    pub wish: Option<String>,
    /// A model or a route; else that of the settings.
    pub model: Option<String>,
}

impl NewNote {
    /// # Errors
    /// `document_invalid`, naming the field that is wrong and what would be right.
    pub fn validate(&self) -> Result<(), DocumentError> {
        let least = if self.kind == NoteKind::Comparison {
            2
        } else {
            1
        };
        let count = self.documents.len();
        if !(least..=SOURCES_MAX).contains(&count) {
            let why = format!("names {count}; this kind of note takes {least} to {SOURCES_MAX}");
            return Err(DocumentError::invalid("documents", why));
        }
        require_text("title", &self.title, TITLE_MAX_CHARS)?;
        if self.aspects.len() > ASPECTS_MAX {
            let why = format!("names {}; at most {ASPECTS_MAX}", self.aspects.len());
            return Err(DocumentError::invalid("aspects", why));
        }
        if self.kind != NoteKind::Comparison && !self.aspects.is_empty() {
            let why = "belongs to a note of the kind `comparison`";
            return Err(DocumentError::invalid("aspects", why));
        }
        for aspect in &self.aspects {
            require_text("aspects", aspect, ASPECT_MAX_CHARS)?;
        }
        self.wish
            .iter()
            .try_for_each(|wish| require_text("wish", wish, WISH_MAX_CHARS))
    }
}

fn require_text(field: &'static str, text: &str, most: usize) -> Result<(), DocumentError> {
    let chars = text.trim().chars().count();
    if chars == 0 || chars > most || text.contains('\0') {
        let why = format!("has {chars} characters; it takes 1 to {most}, and no NUL");
        return Err(DocumentError::invalid(field, why));
    }
    Ok(())
}
