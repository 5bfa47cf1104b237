//! What is known of a document: read from its file, corrected by people. What people said is never overwritten.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::limits::{
    AUTHOR_MAX_CHARS, AUTHORS_MAX, DOI_MAX_CHARS, LANGUAGE_MAX_CHARS, TITLE_MAX_CHARS, YEARS,
    one_line, require_at_most, squeezed,
};
use crate::document::DocumentError;

/// A field of a document that is read from its file unless somebody set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(utoipa::ToSchema)]
#[schema(as = DocumentField)]
pub enum Field {
    Title,
    Authors,
    Year,
    Doi,
    Language,
}

impl Field {
    pub const ALL: [Self; 5] = [
        Self::Title,
        Self::Authors,
        Self::Year,
        Self::Doi,
        Self::Language,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Authors => "authors",
            Self::Year => "year",
            Self::Doi => "doi",
            Self::Language => "language",
        }
    }
}

/// The fields that people set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited(BTreeSet<Field>);

impl Edited {
    /// Names with spaces between, as a row holds them.
    pub(in crate::document) fn stored(text: &str) -> Self {
        let is_named = |field: &Field| text.split(' ').any(|name| name == field.name());
        Self(Field::ALL.into_iter().filter(is_named).collect())
    }

    pub(in crate::document) fn to_text(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|field| field.name()).collect();
        names.join(" ")
    }

    pub fn contains(&self, field: Field) -> bool {
        self.0.contains(&field)
    }

    pub fn iter(&self) -> impl Iterator<Item = Field> {
        self.0.iter().copied()
    }

    pub(super) fn set(&mut self, field: Field, is_edited: bool) {
        if is_edited {
            self.0.insert(field);
        } else {
            self.0.remove(&field);
        }
    }
}

/// A title: one line, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// # Errors
    /// `document_invalid`, naming the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        one_line("title", text, TITLE_MAX_CHARS).map(Self)
    }

    pub(super) fn guessed(text: &str) -> Option<Self> {
        squeezed(text, TITLE_MAX_CHARS).map(Self)
    }

    pub(in crate::document) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The authors' names, in the document's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authors(Vec<String>);

impl Authors {
    /// # Errors
    /// `document_invalid` when there are too many, or one is empty or too long.
    pub fn parse(names: &[String]) -> Result<Self, DocumentError> {
        require_at_most("authors", names.len(), AUTHORS_MAX, "names")?;
        let names = names
            .iter()
            .map(|name| one_line("authors", name, AUTHOR_MAX_CHARS));
        names.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn guessed(names: &[String]) -> Self {
        let names = names
            .iter()
            .filter_map(|name| squeezed(name, AUTHOR_MAX_CHARS));
        Self(names.take(AUTHORS_MAX).collect())
    }

    /// One name a line, as a row holds them.
    pub(in crate::document) fn stored(text: &str) -> Self {
        Self(text.lines().map(str::to_owned).collect())
    }

    pub(in crate::document) fn to_text(&self) -> String {
        self.0.join("\n")
    }

    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// The year a document is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year(i32);

impl Year {
    /// # Errors
    /// `document_invalid` unless 1 to 9999.
    pub fn parse(year: i32) -> Result<Self, DocumentError> {
        if YEARS.contains(&year) {
            return Ok(Self(year));
        }
        let why = format!(
            "is {year}; it must be between {} and {}",
            YEARS.start(),
            YEARS.end()
        );
        Err(DocumentError::invalid("year", why))
    }

    pub(super) fn guessed(year: i32) -> Option<Self> {
        YEARS.contains(&year).then_some(Self(year))
    }

    pub(in crate::document) const fn stored(year: i32) -> Self {
        Self(year)
    }

    pub const fn get(self) -> i32 {
        self.0
    }
}

/// A digital object identifier, `10.1000/182`, without the address of a resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doi(String);

impl Doi {
    /// Also takes the forms in which a DOI is cited: `doi:...` and `https://doi.org/...`.
    ///
    /// # Errors
    /// `document_invalid`, with the form that is expected.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let text = one_line("doi", text, DOI_MAX_CHARS)?;
        Self::guessed(&text).ok_or_else(|| {
            DocumentError::invalid("doi", format!("is `{text}`; it must be like `10.1000/182`"))
        })
    }

    pub(super) fn guessed(text: &str) -> Option<Self> {
        let text = text.trim();
        let prefixes = [
            "https://doi.org/",
            "http://doi.org/",
            "https://dx.doi.org/",
            "http://dx.doi.org/",
            "doi:",
        ];
        let cited = prefixes.iter().find_map(|prefix| {
            let head = text.get(..prefix.len())?;
            head.eq_ignore_ascii_case(prefix)
                .then(|| text[prefix.len()..].trim_start())
        });
        let doi = cited.unwrap_or(text);
        let (registrant, suffix) = doi.strip_prefix("10.")?.split_once('/')?;
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let is_valid = registrant.split('.').all(is_number)
            && !suffix.is_empty()
            && doi.chars().count() <= DOI_MAX_CHARS
            && !doi.chars().any(|c| c.is_control() || c.is_whitespace());
        is_valid.then(|| Self(doi.to_owned()))
    }

    pub(in crate::document) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A language by its tag of BCP 47: `ja`, `en`, `zh-Hant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

impl Language {
    /// # Errors
    /// `document_invalid`, with the form that is expected.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        Self::guessed(text).ok_or_else(|| {
            let why = format!("is `{text}`; it must be a tag like `ja`, `en` or `zh-Hant`");
            DocumentError::invalid("language", why)
        })
    }

    pub(super) fn guessed(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut parts = text.split('-');
        let is_primary = parts.next().is_some_and(|primary| {
            (2..=8).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic())
        });
        let is_subtag = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        let is_valid = is_primary && parts.all(is_subtag) && text.len() <= LANGUAGE_MAX_CHARS;
        is_valid.then(|| Self(text.to_owned()))
    }

    pub(in crate::document) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doi_is_read_in_every_form_it_is_cited_in() {
        for text in [
            "10.1000/182",
            " doi: 10.1000/182",
            "DOI:10.1000/182",
            "https://doi.org/10.1000/182",
            "http://dx.doi.org/10.1000/182",
        ] {
            assert_eq!(Doi::parse(text).unwrap().as_str(), "10.1000/182", "{text}");
        }
        for text in ["", "10.1000", "11.1000/1", "10./1", "10.x/1", "10.1/a b"] {
            assert!(Doi::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_people_say_is_checked_and_what_files_say_is_cut_to_size() {
        assert!(Title::parse("a\nb").is_err() && Title::parse("  ").is_err());
        assert_eq!(Title::guessed(" a\n\t b \0").unwrap().as_str(), "a b");
        assert!(Title::guessed(" \n").is_none());
        assert!(Title::parse(&"x".repeat(501)).is_err());
        assert_eq!(
            Title::guessed(&"あ".repeat(600))
                .unwrap()
                .as_str()
                .chars()
                .count(),
            500
        );
        for tag in ["ja", "en-US", "zh-Hant"] {
            assert!(Language::parse(tag).is_ok(), "{tag}");
        }
        for tag in ["", "j", "日本語", "en_US", "en-"] {
            assert!(Language::parse(tag).is_err(), "{tag}");
        }
        assert!(Year::parse(0).is_err() && Year::parse(2026).is_ok());
    }

    #[test]
    fn edited_fields_come_back_from_their_text() {
        let mut edited = Edited::default();
        edited.set(Field::Year, true);
        edited.set(Field::Title, true);
        edited.set(Field::Doi, true);
        edited.set(Field::Doi, false);
        assert_eq!(edited.to_text(), "title year");
        assert_eq!(Edited::stored("title year"), edited);
        assert_eq!(Edited::stored(""), Edited::default());
    }
}
