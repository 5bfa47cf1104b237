//! What people and files say of a document: whatever it is, it is taken as something that holds, or refused.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{Authors, DocumentTags, Doi, FileName, Folder, Language, Title};
use crate::document::extraction::{guess_doi, guess_language, guess_year};

const PARTS: &[&str] = &[
    "/",
    "..",
    ".",
    " ",
    "a",
    "字",
    "\0",
    "\u{202e}",
    "\n",
    ",",
    ";",
    "10.",
    "1000",
    "https://doi.org/",
    "doi:",
    "ja",
    "-",
    "\\",
    "C:",
    ".pdf",
    "2024",
    "(",
    ")",
    "é",
    "\u{feff}",
    "\"",
];

fn text() -> impl Strategy<Value = String> {
    vec(select(PARTS), 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn what_was_taken_once_is_taken_again_as_it_is(text in text(), more in vec(text(), 0..4)) {
        if let Ok(title) = Title::parse(&text) {
            prop_assert_eq!(Title::parse(title.as_str()).ok(), Some(title));
        }
        if let Ok(doi) = Doi::parse(&text) {
            prop_assert_eq!(Doi::parse(doi.as_str()).ok(), Some(doi));
        }
        if let Ok(language) = Language::parse(&text) {
            prop_assert_eq!(Language::parse(language.as_str()).ok(), Some(language));
        }
        if let Ok(folder) = Folder::parse(&text) {
            prop_assert!(folder.as_str().split('/').all(|name| name != ".." && name != "."));
            prop_assert_eq!(Folder::parse(folder.as_str()).ok(), Some(folder));
        }
        if let Ok(authors) = Authors::parse(&more) {
            prop_assert_eq!(Authors::parse(authors.as_slice()).ok(), Some(authors));
        }
        if let Ok(tags) = DocumentTags::parse(&more) {
            prop_assert_eq!(DocumentTags::parse(tags.as_slice()).ok(), Some(tags));
        }
    }

    #[test]
    fn a_name_of_a_file_is_no_path(text in text()) {
        let name = FileName::of(&text);
        prop_assert!(!name.as_str().is_empty());
        prop_assert!(!name.as_str().contains(['/', '\\', '\0', '\n']));
        prop_assert!(name.as_str() != ".." && name.as_str() != ".");
    }

    #[test]
    fn what_a_text_shows_stands_in_it(text in text()) {
        if let Some(doi) = guess_doi(&text) {
            prop_assert!(text.contains(&doi) && doi.starts_with("10."));
        }
        if let Some(year) = guess_year(&text) {
            prop_assert!(text.trim().starts_with(&year.to_string()));
        }
        prop_assert!(matches!(guess_language(&text), None | Some("ja" | "en")));
    }
}
