//! The characters that a match can consist of: any other one ends what could become a match.

use regex_syntax::hir::{Class, Hir, HirKind};

/// A set of characters, as ranges in order that do not overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Alphabet {
    ranges: Vec<(char, char)>,
}

impl Alphabet {
    pub fn of_chars(chars: impl Iterator<Item = char>) -> Self {
        Self::of_ranges(chars.map(|c| (c, c)).collect())
    }

    /// Every character that a match of the expression can contain.
    pub fn of_expression(hir: &Hir) -> Self {
        let mut ranges = Vec::new();
        collect(hir, &mut ranges);
        Self::of_ranges(ranges)
    }

    fn of_ranges(mut ranges: Vec<(char, char)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(char, char)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        Self { ranges: merged }
    }

    pub fn contains(&self, c: char) -> bool {
        let after = self.ranges.partition_point(|(start, _)| *start <= c);
        after > 0 && c <= self.ranges[after - 1].1
    }
}

fn collect(hir: &Hir, ranges: &mut Vec<(char, char)>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => {
            let text = String::from_utf8_lossy(&literal.0);
            ranges.extend(text.chars().map(|c| (c, c)));
        }
        HirKind::Class(Class::Unicode(class)) => {
            ranges.extend(class.iter().map(|range| (range.start(), range.end())));
        }
        HirKind::Class(Class::Bytes(class)) => {
            let chars = class
                .iter()
                .map(|range| (range.start().into(), range.end().into()));
            ranges.extend(chars);
        }
        HirKind::Repetition(repetition) => collect(&repetition.sub, ranges),
        HirKind::Capture(capture) => collect(&capture.sub, ranges),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            for part in parts {
                collect(part, ranges);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_a_match_can_contain_and_nothing_else() {
        let hir = regex_syntax::parse(r"(?i)secret-[0-9]{4}(?:x|é)?\b").unwrap();
        let alphabet = Alphabet::of_expression(&hir);
        for c in "SecRET-0123456789xXéÉ".chars() {
            assert!(alphabet.contains(c), "{c}");
        }
        for c in " _a秘\n".chars() {
            assert!(!alphabet.contains(c), "{c}");
        }
    }
}
