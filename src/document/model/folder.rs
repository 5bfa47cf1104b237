//! Folders: a path that a document lies at. A folder exists while something lies in it.

use super::limits::{FOLDER_MAX_CHARS, FOLDER_MAX_DEPTH, one_line, require_at_most};
use crate::document::DocumentError;

/// `thesis/chapter 2`, or the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Folder(String);

impl Folder {
    /// `""` and `"/"` are the root; a `/` at the start or the end says nothing.
    ///
    /// # Errors
    /// `document_invalid`, naming the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let text = text.trim().trim_matches('/').trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let text = one_line("folder", text, FOLDER_MAX_CHARS)?;
        let names: Vec<&str> = text.split('/').map(str::trim).collect();
        require_at_most(
            "folder",
            names.len(),
            FOLDER_MAX_DEPTH,
            "folders inside each other",
        )?;
        if names.iter().any(|name| matches!(*name, "" | "." | "..")) {
            return Err(DocumentError::invalid(
                "folder",
                "has a part that is empty, `.` or `..`",
            ));
        }
        Ok(Self(names.join("/")))
    }

    pub(in crate::document) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_form_and_leads_nowhere_else() {
        for (text, folder) in [
            ("", ""),
            ("/", ""),
            ("/a/b/", "a/b"),
            (" 論文 / 第1章 ", "論文/第1章"),
        ] {
            assert_eq!(Folder::parse(text).unwrap().as_str(), folder, "{text:?}");
        }
        let deep = "a/".repeat(21);
        for text in ["a//b", "a/../b", ".", "a\nb", deep.as_str()] {
            assert!(Folder::parse(text).is_err(), "{text:?}");
        }
    }
}
