//! How much of a text a row keeps: what a sender says must never be what the database refuses.

use std::collections::BTreeSet;

/// Names, ids of others, versions: PostgreSQL indexes no entry beyond 2,704 bytes.
const MAX_SHORT_CHARS: usize = 500;
/// What went wrong, in words.
const MAX_LONG_CHARS: usize = 10_000;
/// Of one report.
const MAX_TAGS: usize = 100;

/// A name as a column can hold it: without NUL, which PostgreSQL does not store, and not too long.
pub(super) fn short(text: String) -> String {
    fitting(text, MAX_SHORT_CHARS)
}

pub(super) fn long(text: String) -> String {
    fitting(text, MAX_LONG_CHARS)
}

pub(super) fn short_all(tags: Vec<String>) -> BTreeSet<String> {
    tags.into_iter().take(MAX_TAGS).map(short).collect()
}

fn fitting(text: String, chars: usize) -> String {
    // Bytes are at least as many as characters: nearly every text passes without being copied.
    if text.len() <= chars && !text.contains('\0') {
        return text;
    }
    text.chars().filter(|c| *c != '\0').take(chars).collect()
}
