//! Cutting one block that is larger than a chunk, where it hurts least.

use super::sentences;

/// Where a block is cut first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    Sentences,
    /// Rows of a table, lines of code.
    Lines,
}

/// The text in pieces of up to `characters`; together they are the text. What is longer between two of its ends is
/// cut at a comma or a blank, else where it must be.
pub fn pieces(text: &str, characters: usize, split: Split) -> Vec<&str> {
    let ends = match split {
        Split::Sentences => sentences::ends(text),
        Split::Lines => line_ends(text),
    };
    let mut atoms = Vec::new();
    let mut start = 0;
    for end in ends {
        atoms.extend(clauses(&text[start..end], characters));
        start = end;
    }
    joined(text, &atoms, characters)
}

fn line_ends(text: &str) -> Vec<usize> {
    let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
    let mut ends: Vec<usize> = breaks.collect();
    if ends.last() != Some(&text.len()) {
        ends.push(text.len());
    }
    ends
}

/// Neighbours put together again while they fit.
fn joined<'a>(text: &'a str, atoms: &[&'a str], characters: usize) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let (mut start, mut end, mut held) = (0, 0, 0);
    for atom in atoms {
        let count = atom.chars().count();
        if held > 0 && held + count > characters {
            pieces.push(&text[start..end]);
            (start, held) = (end, 0);
        }
        end += atom.len();
        held += count;
    }
    if end > start {
        pieces.push(&text[start..end]);
    }
    pieces
}

/// A sentence in parts of up to `characters`.
fn clauses(sentence: &str, characters: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = sentence;
    while let Some((limit, _)) = rest.char_indices().nth(characters) {
        let head = &rest[..limit];
        let after = |is: fn(char) -> bool| {
            let found = head.char_indices().rev().find(|(_, c)| is(*c));
            found.map(|(at, character)| at + character.len_utf8())
        };
        // Not in the first half: better a cut in a word than crumbs.
        let far_enough = |at: &usize| *at * 2 > limit;
        let cut = after(|c| matches!(c, '、' | '，' | ',' | ';' | '；' | '\t'))
            .filter(far_enough)
            .or_else(|| after(char::is_whitespace).filter(far_enough))
            .unwrap_or(limit);
        parts.push(&rest[..cut]);
        rest = &rest[cut..];
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_stay_whole_while_they_fit() {
        let text = "犬が走る。猫は寝る。鳥が飛ぶ。";
        assert_eq!(
            pieces(text, 10, Split::Sentences),
            ["犬が走る。猫は寝る。", "鳥が飛ぶ。"]
        );
    }

    #[test]
    fn a_long_sentence_is_cut_at_a_comma_then_anywhere() {
        assert_eq!(
            pieces("長い文なので、ここで切れる", 8, Split::Sentences),
            ["長い文なので、", "ここで切れる"]
        );
        assert_eq!(
            pieces("あいうえお", 2, Split::Sentences),
            ["あい", "うえ", "お"]
        );
    }

    #[test]
    fn rows_stay_whole() {
        assert_eq!(
            pieces("a\tb\nc\td\ne\tf", 8, Split::Lines),
            ["a\tb\nc\td\n", "e\tf"]
        );
    }
}
