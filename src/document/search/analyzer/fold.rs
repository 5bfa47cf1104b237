//! Writing that differs in form only becomes the same, and every character remembers where it comes from.

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};
use unicode_script::{Script, UnicodeScript};

/// A text in its folded form: NFKC (so full and half width are one), lower case, Latin letters without accents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    chars: Vec<char>,
    /// For each folded character the part of the source that it stands for, in characters: from, and up to without.
    origins: Vec<(u32, u32)>,
}

impl Folded {
    pub fn of(text: &str) -> Self {
        let mut folded = Self::default();
        let mut cluster = String::new();
        let mut start = 0_u32;
        let mut at = 0_u32;
        for c in text.chars() {
            if !cluster.is_empty() && !joins_what_precedes(c) {
                folded.push_cluster(&cluster, (start, at));
                cluster.clear();
                start = at;
            }
            cluster.push(c);
            at += 1;
        }
        if !cluster.is_empty() {
            folded.push_cluster(&cluster, (start, at));
        }
        folded
    }

    fn push_cluster(&mut self, cluster: &str, origin: (u32, u32)) {
        if let [byte] = cluster.as_bytes() {
            self.push(char::from(byte.to_ascii_lowercase()), origin);
            return;
        }
        let lower = |c: char| c.to_lowercase();
        for c in cluster.nfkc().flat_map(lower).nfkc() {
            if c.is_ascii() || c.script() != Script::Latin {
                if !is_accent(c) {
                    self.push(c, origin);
                }
                continue;
            }
            for c in std::iter::once(c).nfkd().filter(|c| !is_accent(*c)) {
                self.push(c, origin);
            }
        }
    }

    fn push(&mut self, c: char, origin: (u32, u32)) {
        self.chars.push(c);
        self.origins.push(origin);
    }

    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Where in the source the folded characters from `from` up to, without, `to` come from. Not for an empty range.
    pub fn origin(&self, from: usize, to: usize) -> (u32, u32) {
        let ((start, _), (_, end)) = (self.origins[from], self.origins[to - 1]);
        (start, end)
    }

    pub fn text(&self) -> String {
        self.chars.iter().collect()
    }
}

/// Whether a character changes the one before it: a combining mark, a half-width voicing mark, a vowel or final of a
/// Hangul syllable.
fn joins_what_precedes(c: char) -> bool {
    let jamo = '\u{1160}'..='\u{11ff}';
    !c.is_ascii()
        && (matches!(c, '\u{ff9e}' | '\u{ff9f}')
            || jamo.contains(&c)
            || canonical_combining_class(c) != 0)
}

fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        Folded::of(text).text()
    }

    #[test]
    fn forms_of_one_writing_are_one() {
        assert_eq!(folded("ＡＢＣ１２３"), "abc123");
        assert_eq!(folded("ﾃﾞｰﾀﾍﾞｰｽ"), "データベース");
        assert_eq!(folded("か\u{3099}"), "が");
        assert_eq!(folded("Café naïve"), "cafe naive");
        assert_eq!(folded("Cafe\u{301}"), "cafe");
        assert_eq!(folded("㍿ ①"), "株式会社 1");
        assert_eq!(folded("й"), "й");
        assert_eq!(folded("\u{1112}\u{1161}\u{11ab}"), "한");
    }

    #[test]
    fn a_folded_character_knows_its_source() {
        let folded = Folded::of("xﾃﾞ㍿y");
        assert_eq!(folded.text(), "xデ株式会社y");
        assert_eq!(folded.origin(1, 2), (1, 3));
        assert_eq!(folded.origin(2, 6), (3, 4));
        assert_eq!(folded.origin(6, 7), (4, 5));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn origins_go_through_the_source_in_order(text in "\\PC{0,40}") {
            let folded = Folded::of(&text);
            let length = u32::try_from(text.chars().count()).unwrap();
            let mut before = 0;
            for at in 0..folded.chars().len() {
                let (start, end) = folded.origin(at, at + 1);
                prop_assert!(before <= start && start < end && end <= length);
                before = start;
            }
        }
    }
}
