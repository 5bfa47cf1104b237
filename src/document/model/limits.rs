//! Every limit of what is said about a document, with its unit, and the checks that name field, size and limit.

use crate::document::DocumentError;

/// Characters of a title.
pub const TITLE_MAX_CHARS: usize = 500;
/// Authors of one document.
pub const AUTHORS_MAX: usize = 500;
/// Characters of one author's name.
pub const AUTHOR_MAX_CHARS: usize = 200;
/// Characters of a DOI.
pub const DOI_MAX_CHARS: usize = 300;
/// Characters of a language's tag (BCP 47).
pub const LANGUAGE_MAX_CHARS: usize = 35;
/// The years that a document can be of.
pub const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;
/// Characters of a folder's path.
pub const FOLDER_MAX_CHARS: usize = 500;
/// Folders inside each other.
pub const FOLDER_MAX_DEPTH: usize = 20;
/// Characters of a tag.
pub const TAG_MAX_CHARS: usize = 100;
/// Tags of one document.
pub const TAGS_MAX: usize = 50;
/// Characters that are kept of a file's name.
pub const FILE_NAME_MAX_CHARS: usize = 200;
/// Characters that are kept of the reason for a version's state.
pub const REASON_MAX_CHARS: usize = 1_000;

/// One line of text, without space around it: not empty, of at most `max` characters.
pub(super) fn one_line(
    field: &'static str,
    text: &str,
    max: usize,
) -> Result<String, DocumentError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DocumentError::invalid(field, "is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(DocumentError::invalid(
            field,
            "contains a line break or another control character",
        ));
    }
    require_at_most(field, text.chars().count(), max, "characters")?;
    Ok(text.to_owned())
}

pub(super) fn require_at_most(
    field: &'static str,
    count: usize,
    max: usize,
    unit: &'static str,
) -> Result<(), DocumentError> {
    if count <= max {
        return Ok(());
    }
    Err(DocumentError::invalid(
        field,
        format!("has {count} {unit}; the limit is {max}"),
    ))
}

/// What a file says in one line of at most `max` characters: spaces and line breaks become one space each, the rest
/// is cut. `None` when nothing is left.
pub(super) fn squeezed(text: &str, max: usize) -> Option<String> {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().map(visible).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(max).collect();
    Some(cut.trim_end().to_owned()).filter(|text| !text.is_empty())
}
