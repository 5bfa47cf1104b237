//! Short texts that lists are filtered by: names, users, sessions, tags.

use std::borrow::Cow;

/// The longest label, in characters: an index holds it.
const MAX_CHARS: usize = 500;

/// Without NUL, which PostgreSQL cannot hold, and not longer than an index takes; `None` when nothing
/// is left.
pub fn label(text: impl Into<String>) -> Option<String> {
    let mut text = without_nul(text.into());
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
    }
    (!text.is_empty()).then_some(text)
}

pub fn without_nul(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

/// Tags as a list, as JSON of a list, as text with commas, or as one word.
pub fn tags<'a>(given: impl Iterator<Item = Cow<'a, str>>) -> Vec<String> {
    given.filter_map(|tag| label(tag.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_fits_into_an_index_and_into_every_database() {
        assert_eq!(label("a\0b"), Some("a\u{fffd}b".to_owned()));
        assert_eq!(label(""), None);
        assert_eq!(label("あ".repeat(600)), Some("あ".repeat(500)));
    }
}
