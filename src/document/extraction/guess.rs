//! What a document's text shows of its title, language and DOI, where the file itself does not say.

use std::sync::LazyLock;

use regex::Regex;
use unicode_script::{Script, UnicodeScript};

use super::model::{Block, BlockKind, FileMetadata};

/// Characters of a document's beginning that are looked at for its language.
const SAMPLE_CHARACTERS: usize = 20_000;
/// Characters of its beginning in which its own DOI stands; later ones are of the works it cites.
const DOI_WITHIN_CHARACTERS: usize = 5_000;
const TITLE_CHARACTERS_MAX: usize = 300;
/// Japanese text has more kana than this share of its letters, in percent.
const KANA_PERCENT: usize = 5;
/// English text has more of its commonest words than this share, in percent.
const COMMON_WORDS_PERCENT: usize = 5;
const COMMON_WORDS: [&str; 14] = [
    "the", "of", "and", "to", "in", "is", "for", "that", "with", "as", "are", "this", "be", "on",
];

/// The beginning of a document, as its pages go by.
#[derive(Debug, Default)]
pub struct Survey {
    sample: String,
    characters: usize,
    heading: Option<String>,
}

impl Survey {
    /// Takes note of a visible block.
    pub fn see(&mut self, block: &Block) {
        if let BlockKind::Heading { level: 1 } = block.kind
            && self.heading.is_none()
        {
            self.heading = Some(block.text.clone());
        }
        let left = SAMPLE_CHARACTERS.saturating_sub(self.characters);
        if left > 0 {
            let seen = block.text.chars().take(left);
            self.characters += seen.clone().count() + 1;
            self.sample.extend(seen);
            self.sample.push('\n');
        }
    }

    /// What the file says of itself, filled up with what its beginning shows.
    pub fn complete(self, said: FileMetadata) -> FileMetadata {
        let beginning: String = self.sample.chars().take(DOI_WITHIN_CHARACTERS).collect();
        let title = said.title.or(self.heading).as_deref().and_then(tidy);
        FileMetadata {
            title,
            authors: said.authors.iter().filter_map(|name| tidy(name)).collect(),
            year: said.year,
            doi: said.doi.or_else(|| doi(&beginning)),
            language: language(&self.sample)
                .map(str::to_owned)
                .or_else(|| said.language.as_deref().and_then(primary_language)),
        }
    }
}

/// The language of most of a text, as its characters and its commonest words tell: `ja`, `en`, or none.
pub fn language(text: &str) -> Option<&'static str> {
    let (mut kana, mut latin, mut letters) = (0_usize, 0_usize, 0_usize);
    for character in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        match character.script() {
            Script::Hiragana | Script::Katakana => kana += 1,
            Script::Latin => latin += 1,
            _ => {}
        }
    }
    if kana * 100 > letters * KANA_PERCENT {
        return Some("ja");
    }
    let words = text.split(|c: char| !c.is_alphabetic());
    let (mut common, mut all) = (0_usize, 0_usize);
    for word in words.filter(|word| !word.is_empty()) {
        all += 1;
        let is_common = |known: &&str| known.eq_ignore_ascii_case(word);
        common += usize::from(COMMON_WORDS.iter().any(is_common));
    }
    let is_english = latin * 2 > letters && common * 100 > all * COMMON_WORDS_PERCENT;
    is_english.then_some("en")
}

/// The first DOI in a text.
pub fn doi(text: &str) -> Option<String> {
    static DOI: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b10\.[0-9]{4,9}/[-._;()/:A-Za-z0-9]+").expect("a regex that compiles")
    });
    let found = DOI.find(text)?.as_str();
    let found = found.trim_end_matches(['.', ',', ';', ':']);
    // A bracket that closes around the DOI is none of it.
    let unopened = found.ends_with(')') && !found.contains('(');
    Some(found[..found.len() - usize::from(unopened)].to_owned())
}

/// The year that a date of a file's own metadata begins with: `2024-05-01T00:00:00Z`, `2024`.
pub fn year(date: &str) -> Option<i32> {
    let digits = date.trim().get(..4)?;
    let year: i32 = digits.parse().ok()?;
    (1_000..3_000).contains(&year).then_some(year)
}

/// `ja` of `ja-JP`.
fn primary_language(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_']).next()?;
    let is_language = matches!(primary.len(), 2 | 3) && primary.is_ascii();
    (is_language && primary.chars().all(|c| c.is_ascii_alphabetic()))
        .then(|| primary.to_ascii_lowercase())
}

fn tidy(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let tidied: String = words.join(" ").chars().take(TITLE_CHARACTERS_MAX).collect();
    (!tidied.is_empty()).then_some(tidied)
}
