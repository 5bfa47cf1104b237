//! What a PDF says of itself, as far as it says anything of use.

use pdfium_render::prelude::{PdfDocumentMetadataTagType as Tag, PdfMetadata};

use crate::document::extraction::{FileMetadata, guess};

/// Longer ones are no titles.
const LONGEST_TITLE_CHARS: usize = 300;
const MOST_AUTHORS: usize = 100;

pub(super) fn of(metadata: &PdfMetadata<'_>) -> FileMetadata {
    let value = |tag| metadata.get(tag).map(|tag| tag.value().trim().to_owned());
    FileMetadata {
        title: value(Tag::Title).filter(|title| is_title(title)),
        authors: value(Tag::Author)
            .map(|authors| split_authors(&authors))
            .unwrap_or_default(),
        year: value(Tag::CreationDate).and_then(|date| year(&date)),
        doi: None,
        language: None,
    }
}

/// Programs put the name of their file or template where a title belongs.
fn is_title(title: &str) -> bool {
    let lower = title.to_lowercase();
    let file_name = [
        ".doc", ".docx", ".tex", ".dvi", ".pdf", ".qxd", ".indd", ".odt", ".ps",
    ]
    .iter()
    .any(|extension| lower.ends_with(extension));
    let template = [
        "untitled",
        "microsoft word",
        "無題",
        "(anonymous)",
        "document1",
    ]
    .iter()
    .any(|word| lower.starts_with(word));
    !title.is_empty() && title.chars().count() <= LONGEST_TITLE_CHARS && !file_name && !template
}

fn split_authors(text: &str) -> Vec<String> {
    // `Turing, A.; Gödel, K.`: a comma parts names only where nothing stronger does.
    let is_parted = text.contains([';', '；']);
    let weaker = |c| !is_parted && matches!(c, '、' | '，' | ',');
    text.replace(" and ", ";")
        .split(|c| matches!(c, ';' | '；') || weaker(c))
        .map(str::trim)
        .filter(|name| name.chars().any(char::is_alphabetic) && !is_placeholder(name))
        .take(MOST_AUTHORS)
        .map(str::to_owned)
        .collect()
}

/// What templates and accounts put where a name belongs: `[FAMILY Given]`, `Administrator`.
fn is_placeholder(name: &str) -> bool {
    let bracketed = [('[', ']'), ('<', '>'), ('{', '}'), ('［', '］')];
    let is_bracketed =
        |&(open, close): &(char, char)| name.starts_with(open) && name.ends_with(close);
    let nobody = [
        "anonymous",
        "unknown",
        "author",
        "authors",
        "user",
        "owner",
        "admin",
        "administrator",
        "root",
    ];
    bracketed.iter().any(is_bracketed) || nobody.contains(&name.to_lowercase().as_str())
}

/// `D:20240131...`
fn year(date: &str) -> Option<i32> {
    guess::year(date.strip_prefix("D:").unwrap_or(date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_no_titles_and_authors_are_told_apart() {
        assert!(!is_title("Microsoft Word - paper-final.docx") && !is_title(""));
        assert!(is_title("深層学習による文書の理解"));
        assert_eq!(
            split_authors("A. Turing, K. Gödel and E. Noether"),
            ["A. Turing", "K. Gödel", "E. Noether"]
        );
        assert_eq!(split_authors("山田 太郎、鈴木"), ["山田 太郎", "鈴木"]);
        assert_eq!(
            split_authors("Turing, A.; Gödel, K."),
            ["Turing, A.", "Gödel, K."]
        );
        for nobody in ["[FAMILY Given]", " [FAMILY Given] ", "Administrator", "-"] {
            assert_eq!(split_authors(nobody), Vec::<String>::new(), "{nobody}");
        }
        assert_eq!((year("D:20240131120000Z"), year("x")), (Some(2024), None));
    }
}
