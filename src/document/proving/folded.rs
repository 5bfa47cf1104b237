//! Text with what readers do not see as a difference folded away, and the way back to the original.
//!
//! Two spellings of one passage become equal: full and half width, ligatures and composed letters (compatibility
//! decomposition, Unicode TR #15), upper and lower case, kinds of quotation marks and dashes, soft hyphens, line
//! breaks and runs of spaces; and spaces next to Chinese or Japanese characters, which PDF line ends put there.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A folded text. Offsets count characters.
#[derive(Debug, Default)]
pub(super) struct Folded {
    text: String,
    /// Of each character of `text`: the offset in the original of the character that it came from.
    origins: Vec<u32>,
}

impl Folded {
    pub fn of(original: &str) -> Self {
        let mut folded = Self::default();
        let mut space_at = None;
        for (offset, character) in (0_u32..).zip(original.chars()) {
            if character.is_whitespace() {
                space_at = space_at.or(Some(offset));
                continue;
            }
            if is_invisible(character) {
                continue;
            }
            if let Some(at) = space_at.take() {
                folded.push_space(at, character);
            }
            for part in character.nfkd().flat_map(char::to_lowercase) {
                // Some decompositions begin with a space: they are accents that stand alone.
                if !part.is_whitespace() {
                    folded.push(plain(part), offset);
                }
            }
        }
        folded
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where `wanted` stands at first, as a range of the original. Its ends lie between whole characters of the
    /// original.
    pub fn find(&self, wanted: &Self) -> Option<Range<u32>> {
        if wanted.is_empty() {
            return None;
        }
        let mut from = 0;
        while let Some(found) = self.text[from..].find(&wanted.text) {
            let at = from + found;
            let first = self.text[..at].chars().count();
            let last = first + wanted.origins.len() - 1;
            let next = self.text[at + wanted.text.len()..].chars().next();
            if self.is_whole(first, last, next) {
                return Some(self.origins[first]..self.origins[last] + 1);
            }
            from = at + self.text[at..].chars().next().map_or(1, char::len_utf8);
        }
        None
    }

    /// Whether neither end cuts a character of the original in two, or parts it from a mark on it.
    fn is_whole(&self, first: usize, last: usize, next: Option<char>) -> bool {
        let begins = first == 0 || self.origins[first - 1] != self.origins[first];
        let ends = last + 1 == self.origins.len() || self.origins[last + 1] != self.origins[last];
        begins && ends && !next.is_some_and(is_combining_mark)
    }

    fn push(&mut self, character: char, origin: u32) {
        self.text.push(character);
        self.origins.push(origin);
    }

    fn push_space(&mut self, at: u32, next: char) {
        let Some(last) = self.text.chars().next_back() else {
            return;
        };
        if !is_cjk(last) && !is_cjk(next) {
            self.push(' ', at);
        }
    }
}

/// Written without spaces between words: kana, Chinese characters and their punctuation, also in full width.
pub(super) const fn is_cjk(character: char) -> bool {
    matches!(character,
        '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Soft hyphens, zero-width characters, variation selectors.
const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

const fn plain(character: char) -> char {
    match character {
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '`' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str, quote: &str) -> Option<String> {
        let range = Folded::of(text).find(&Folded::of(quote))?;
        let (start, end) = (range.start as usize, range.end as usize);
        Some(text.chars().skip(start).take(end - start).collect())
    }

    /// What readers see as one sign each.
    const SIGNS: &[&str] = &[
        "a", "B", "7", "-", " ", "\n", "\u{3000}", "。", "あ", "が", "ﾊﾟ", "ｱ", "漢", "字",
        "\u{fb01}", "é", "\u{ad}",
    ];

    #[test]
    fn what_readers_do_not_see_as_different_is_found() {
        for (text, quote, original) in [
            (
                "We find  that\nmice sleep.",
                "find that mice",
                "find  that\nmice",
            ),
            (
                "the \u{201c}quick\u{201d} fox",
                "\"quick\" fox",
                "\u{201c}quick\u{201d} fox",
            ),
            ("pages 3\u{2013}4", "Pages 3-4", "pages 3\u{2013}4"),
            ("e\u{fb03}cient", "efficient", "e\u{fb03}cient"),
            (
                "本研究は\n睡眠を 調べた。",
                "研究は睡眠を調べた",
                "研究は\n睡眠を 調べた",
            ),
            ("ＰＤＦの頁", "PDFの頁", "ＰＤＦの頁"),
            ("ﾃﾞｰﾀを読む", "データを読む", "ﾃﾞｰﾀを読む"),
            ("exam\u{ad}ple", "example", "exam\u{ad}ple"),
        ] {
            assert_eq!(
                found(text, quote).as_deref(),
                Some(original),
                "{quote:?} in {text:?}"
            );
        }
    }

    #[test]
    fn other_words_are_not_found() {
        for (text, quote) in [
            ("mice sleep", "mice slept"),
            ("3.14", "3.15"),
            ("が見える", "かが見える"),
            ("together", "to gether"),
            ("anything", ""),
            ("anything", " \n"),
        ] {
            assert_eq!(found(text, quote), None, "{quote:?} in {text:?}");
        }
    }

    #[test]
    fn half_of_a_character_is_no_place() {
        assert_eq!(found("e\u{fb03}cient", "ef"), None);
        assert_eq!(found("がん", "か"), None);
        assert_eq!(found("ﾃﾞﾝ", "テ"), None);
    }

    proptest! {
        #[test]
        fn every_part_of_a_text_is_found_in_it(
            signs in prop::collection::vec(prop::sample::select(SIGNS), 1..60), from in 0_usize..60, length in 1_usize..20,
        ) {
            let from = from.min(signs.len() - 1);
            let text = signs.concat();
            let part = signs[from..(from + length).min(signs.len())].concat();
            let folded = Folded::of(&part);
            if !folded.is_empty() {
                let found = found(&text, &part);
                prop_assert!(found.is_some(), "{part:?} in {text:?}");
                let again = Folded::of(&found.unwrap_or_default());
                prop_assert_eq!(again.as_str(), folded.as_str());
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = Folded::of(&text);
            let twice = Folded::of(once.as_str());
            prop_assert_eq!(once.as_str(), twice.as_str());
        }
    }
}
