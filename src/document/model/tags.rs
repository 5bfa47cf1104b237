//! Tags: words to find documents by.

use super::limits::{TAG_MAX_CHARS, TAGS_MAX, one_line, require_at_most};
use crate::document::DocumentError;

/// A document's tags, each once, in the order they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentTags(Vec<String>);

impl DocumentTags {
    /// # Errors
    /// `document_invalid` when there are too many, or one is empty, too long or of several lines.
    pub fn parse(texts: &[String]) -> Result<Self, DocumentError> {
        let mut tags = Vec::with_capacity(texts.len());
        for text in texts {
            let tag = one_line("tags", text, TAG_MAX_CHARS)?;
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        require_at_most("tags", tags.len(), TAGS_MAX, "tags")?;
        Ok(Self(tags))
    }

    pub(in crate::document) fn stored(tags: Vec<String>) -> Self {
        Self(tags)
    }

    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}
