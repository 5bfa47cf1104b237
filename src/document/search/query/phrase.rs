//! Exact words in a text, in whatever form they are written there.

use crate::document::search::analyzer::{Folded, fold_kana};

/// Folded words that have to stand in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(Vec<char>);

/// A text folded for comparing: spaces are one, and none stands between characters that are written without.
struct Comparable {
    chars: Vec<char>,
    origins: Vec<(u32, u32)>,
}

impl Phrase {
    pub fn new(words: &str) -> Self {
        Self(Comparable::of(words).chars)
    }

    /// Where the phrase stands in `text`, in characters. A match begins and ends where words do, if they have ends.
    pub fn find(&self, text: &str) -> Vec<(u32, u32)> {
        let length = self.0.len();
        let text = Comparable::of(text);
        if length == 0 {
            return Vec::new();
        }
        let matches = |at: &usize| {
            text.chars[*at..*at + length] == self.0
                && !(*at > 0 && is_inside_word(text.chars[*at - 1], text.chars[*at]))
                && !text
                    .chars
                    .get(*at + length)
                    .is_some_and(|after| is_inside_word(text.chars[*at + length - 1], *after))
        };
        let starts = 0..(text.chars.len() + 1).saturating_sub(length);
        let place = |at: usize| (text.origins[at].0, text.origins[at + length - 1].1);
        starts.filter(matches).map(place).collect()
    }
}

impl Comparable {
    fn of(text: &str) -> Self {
        let folded = Folded::of(text);
        let chars = folded.chars();
        let mut comparable = Self {
            chars: Vec::new(),
            origins: Vec::new(),
        };
        let mut at = 0;
        while at < chars.len() {
            let origin = folded.origin(at, at + 1);
            if !chars[at].is_whitespace() {
                comparable.push(fold_kana(chars[at]), origin);
                at += 1;
                continue;
            }
            while at < chars.len() && chars[at].is_whitespace() {
                at += 1;
            }
            let before = comparable.chars.last();
            let between = before.zip(chars.get(at));
            if between.is_some_and(|(before, after)| before.is_ascii() || after.is_ascii()) {
                comparable.push(' ', origin);
            }
        }
        comparable
    }

    fn push(&mut self, c: char, origin: (u32, u32)) {
        self.chars.push(c);
        self.origins.push(origin);
    }
}

fn is_inside_word(left: char, right: char) -> bool {
    left.is_ascii_alphanumeric() && right.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrase: &str, text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let part = |(start, end): (u32, u32)| chars[start as usize..end as usize].iter().collect();
        Phrase::new(phrase)
            .find(text)
            .into_iter()
            .map(part)
            .collect()
    }

    #[test]
    fn a_phrase_is_found_in_any_of_its_forms_and_only_as_whole_words() {
        assert_eq!(
            found("open files", "Open\n  FILES, open filesystem"),
            ["Open\n  FILES"]
        );
        assert_eq!(
            found("メモリ管理", "ﾒﾓﾘ\n管理とめもり管理"),
            ["ﾒﾓﾘ\n管理", "めもり管理"]
        );
        assert_eq!(found("a", "a aa a"), ["a", "a"]);
        assert!(found(" ", "a b").is_empty());
        assert!(found("long phrase", "long").is_empty());
    }
}
