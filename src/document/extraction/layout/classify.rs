//! What a paragraph is, by its letters, its place and its first characters.

use super::{Typography, blocks::Paragraph};
use crate::document::extraction::BlockKind;

/// Longer ones are no headings, however large.
const LONGEST_HEADING_CHARS: usize = 180;
const BULLETS: &[char] = &[
    '•', '◦', '‣', '▪', '■', '□', '●', '○', '◆', '◇', '・', '–', '—', '*', '➢', '✓',
];

pub(super) fn kind(paragraph: &Paragraph, typography: &Typography) -> BlockKind {
    let Some(first) = paragraph.lines.first() else {
        return BlockKind::Paragraph;
    };
    let chars: usize = paragraph
        .lines
        .iter()
        .map(|line| line.text.chars().count())
        .sum();
    let lettered = paragraph
        .lines
        .iter()
        .any(|line| line.text.chars().any(char::is_alphabetic));
    if lettered && chars <= LONGEST_HEADING_CHARS && !first.turned {
        if let Some(level) = typography.level(first.size) {
            return BlockKind::Heading { level };
        }
    }
    if begins_item(&first.text) {
        return BlockKind::ListItem;
    }
    if paragraph.lines.iter().all(|line| line.face.fixed) {
        return BlockKind::Code;
    }
    BlockKind::Paragraph
}

/// Whether a line begins with the mark of a list's item: a bullet, `1.`, `(a)`, `①`.
pub(super) fn begins_item(text: &str) -> bool {
    let text = text.trim_start();
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    if matches!(first, '①'..='⑳') {
        return true;
    }
    let rest = chars.as_str();
    if BULLETS.contains(&first) {
        return first == '・' || first == '■' || rest.starts_with(' ');
    }
    let inner = text.strip_prefix(['(', '（']).unwrap_or(text);
    let bracketed = inner.len() < text.len();
    let mark: String = inner
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric())
        .collect();
    let after = &inner[mark.len()..];
    let number = !mark.is_empty() && mark.len() <= 3 && mark.chars().all(|c| c.is_ascii_digit());
    let letter = mark.len() == 1;
    if bracketed {
        return (number || letter) && after.starts_with([')', '）']);
    }
    number && (after.starts_with(". ") || after.starts_with(") ") || after.starts_with('．'))
        || letter && after.starts_with(") ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_items_are_known() {
        for item in [
            "• one",
            "1. one",
            "12) one",
            "(a) one",
            "（3）三",
            "① 一",
            "・項目",
            "– dash",
        ] {
            assert!(begins_item(item), "{item}");
        }
        for other in [
            "1.5 V",
            "2024 was",
            "a man",
            "(see below)",
            "3D",
            "*p",
            "–5",
        ] {
            assert!(!begins_item(other), "{other}");
        }
    }
}
