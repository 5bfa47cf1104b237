//! What is looked for, and how long a match of it can be.

use std::ops::Range;

use aho_corasick::{AhoCorasick, Anchored, Input, MatchKind};
use regex::{Regex, RegexBuilder};
use regex_syntax::{ParserBuilder, hir::Hir};

use super::{PiiKind, alphabet::Alphabet, fold::fold};

/// What a compiled expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 1024 * 1024;
const MAX_EXPRESSION_CHARS: usize = 2_000;

/// Finds matches, one after another, each known to be one.
#[derive(Clone, Debug)]
pub struct Scanner {
    finder: Finder,
    pub(super) alphabet: Alphabet,
    /// In bytes of the text that is searched; `None` when only the alphabet bounds it.
    pub(super) max_len: Option<usize>,
    /// Searches the text as [`fold`] makes it.
    pub(super) folds: bool,
}

#[derive(Clone, Debug)]
enum Finder {
    Expression(Regex),
    Pii(Regex, PiiKind),
    Words { words: AhoCorasick, whole: bool },
}

impl Scanner {
    /// # Errors
    /// Says what is wrong with the expression.
    pub fn expression(text: &str, ignore_case: bool) -> Result<Self, String> {
        if text.chars().count() > MAX_EXPRESSION_CHARS {
            return Err(format!(
                "a regular expression has at most {MAX_EXPRESSION_CHARS} characters"
            ));
        }
        let wrong = |error: String| format!("`{text}` is no regular expression: {error}");
        let regex = RegexBuilder::new(text)
            .case_insensitive(ignore_case)
            .size_limit(MAX_REGEX_BYTES)
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let hir = ParserBuilder::new()
            .case_insensitive(ignore_case)
            .build()
            .parse(text)
            .map_err(|error| wrong(error.to_string()))?;
        if hir
            .properties()
            .minimum_len()
            .is_none_or(|length| length == 0)
        {
            return Err(format!(
                "`{text}` can match nothing at all; it must need a character"
            ));
        }
        Ok(Self::of(Finder::Expression(regex), &hir, false))
    }

    pub fn pii(kind: PiiKind) -> Self {
        let text = kind.expression();
        let regex = Regex::new(text).expect("a test builds each kind");
        let hir = regex_syntax::parse(text).expect("a test builds each kind");
        Self::of(Finder::Pii(regex, kind), &hir, true)
    }

    /// Words in any width and case. `whole`: not within longer words, where a word begins or ends
    /// with a letter or digit of a script that puts spaces between words.
    ///
    /// # Errors
    /// Says what is wrong with the list.
    pub fn words(words: &[String], whole: bool) -> Result<Self, String> {
        let folded: Vec<_> = words.iter().map(|word| fold(word)).collect();
        if let Some(at) = folded.iter().position(|word| word.trim().is_empty()) {
            return Err(format!("`words[{at}]` has no character that is seen"));
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&folded)
            .map_err(|error| format!("the list of words can not be searched: {error}"))?;
        Ok(Self {
            finder: Finder::Words {
                words: automaton,
                whole,
            },
            alphabet: Alphabet::of_chars(folded.iter().flat_map(|word| word.chars())),
            max_len: folded.iter().map(String::len).max(),
            folds: true,
        })
    }

    fn of(finder: Finder, hir: &Hir, folds: bool) -> Self {
        Self {
            finder,
            alphabet: Alphabet::of_expression(hir),
            max_len: hir.properties().maximum_len(),
            folds,
        }
    }

    /// The first match that begins at `from` or later. What stands before `from` is only looked at.
    pub(super) fn find_at(&self, text: &str, mut from: usize) -> Option<Range<usize>> {
        loop {
            let found = match &self.finder {
                Finder::Expression(regex) => return Some(regex.find_at(text, from)?.range()),
                Finder::Pii(regex, kind) => {
                    let candidate = regex.find_at(text, from)?.range();
                    let length = kind.verify(text, &candidate);
                    length.map_or(Err(candidate.start), |length| {
                        Ok(candidate.start..candidate.start + length)
                    })
                }
                Finder::Words { words, whole } => {
                    let input = Input::new(text).range(from..).anchored(Anchored::No);
                    let found = words.find(input)?.range();
                    if *whole && !is_whole(text, &found) {
                        Err(found.start)
                    } else {
                        Ok(found)
                    }
                }
            };
            match found {
                Ok(found) => return Some(found),
                Err(start) => from = start + text[start..].chars().next().map_or(1, char::len_utf8),
            }
        }
    }
}

/// Whether no word goes on before or after the match.
fn is_whole(text: &str, found: &Range<usize>) -> bool {
    let goes_on = |one: Option<char>, other: Option<char>| {
        let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && c < '\u{2e80}');
        in_word(one) && in_word(other)
    };
    let matched = &text[found.clone()];
    !goes_on(
        text[..found.start].chars().next_back(),
        matched.chars().next(),
    ) && !goes_on(
        matched.chars().next_back(),
        text[found.end..].chars().next(),
    )
}
