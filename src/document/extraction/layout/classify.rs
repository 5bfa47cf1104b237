//! What a paragraph is, by its letters, its place and its first characters.

use super::{Typography, marks, paragraphs::Paragraph};
use crate::document::extraction::{BlockKind, PageSize, Rect};

/// Longer ones are no headings, however large.
const LONGEST_HEADING_CHARS: usize = 180;
/// A heading in letters of the body's size is shorter still.
const LONGEST_PLAIN_HEADING_CHARS: usize = 90;
const MOST_HEADING_LINES: usize = 4;
/// Letters of footnotes are smaller than this share of the body's.
const NOTE_SIZE: f32 = 0.93;
/// Footnotes stand below this share of the page.
const NOTES_FROM: f32 = 0.45;
/// A caption stands this close to its figure or table, in points.
const CAPTION_DISTANCE: f32 = 40.0;
/// Share of a formula's characters that mathematics uses and prose hardly does.
const MATHEMATICAL: f32 = 0.22;
/// A formula has few words.
const LONGEST_FORMULA_WORDS: usize = 4;
const WORD_CHARS: usize = 4;

/// What stands around a paragraph.
pub(super) struct Surroundings<'a> {
    pub typography: &'a Typography,
    pub size: PageSize,
    /// Figures and tables of the page.
    pub regions: &'a [Rect],
    /// Nothing of the body's size comes after it in its column.
    pub last: bool,
    /// It stands in the list of references.
    pub references: bool,
    /// The paragraph before it is a footnote.
    pub after_note: bool,
}

pub(super) fn kind(paragraph: &Paragraph, around: &Surroundings<'_>) -> BlockKind {
    let Some(first) = paragraph.first() else {
        return BlockKind::Paragraph;
    };
    let text = paragraph.text();
    if is_caption(paragraph, &text, around) {
        return BlockKind::Caption;
    }
    if is_note(paragraph, &text, around) {
        return BlockKind::Footnote;
    }
    if marks::is_leader(&text) {
        return BlockKind::ListItem;
    }
    if let Some(level) = heading_level(paragraph, &text, around.typography) {
        return BlockKind::Heading { level };
    }
    if paragraph.lines.iter().all(|line| line.face.fixed) {
        return BlockKind::Code;
    }
    if around.references || marks::begins_reference(&text) && marks::is_reference(&text) {
        return BlockKind::Reference;
    }
    if is_formula(&text) {
        return BlockKind::Formula;
    }
    if marks::begins_item(&first.text) {
        return BlockKind::ListItem;
    }
    BlockKind::Paragraph
}

fn heading_level(paragraph: &Paragraph, text: &str, typography: &Typography) -> Option<u8> {
    let first = paragraph.first()?;
    let chars = text.chars().count();
    let lettered = text.chars().filter(|c| c.is_alphabetic()).count() > 1;
    if !lettered
        || chars > LONGEST_HEADING_CHARS
        || first.turned
        || paragraph.lines.len() > MOST_HEADING_LINES
    {
        return None;
    }
    let depth = marks::section_depth(text);
    if let Some(level) = typography.level(first.size) {
        return Some(level);
    }
    let plain = chars <= LONGEST_PLAIN_HEADING_CHARS
        && paragraph.lines.len() <= 2
        && first.size >= typography.body * NOTE_SIZE
        && first.cells.len() == 1
        && !first.face.fixed;
    if !plain || super::paragraphs::ends_sentence(text) {
        return None;
    }
    // In the size of the body: bold letters, or a name that every paper has.
    let named = marks::is_section_name(text.trim());
    let bold = paragraph.lines.iter().all(|line| line.face.bold);
    let numbered = depth.is_some_and(|depth| depth > 1)
        && paragraph.lines.len() == 1
        && chars < LONGEST_PLAIN_HEADING_CHARS / 2;
    (named || bold || numbered && starts_apart(text))
        .then(|| typography.plain_level(depth.unwrap_or(1)))
}

/// `2.1 Methods`, and not `2.1 times as much as before, which ...`.
fn starts_apart(text: &str) -> bool {
    let title = text
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
        .trim_start();
    title
        .chars()
        .next()
        .is_some_and(|c| c.is_uppercase() || super::is_cjk(c))
}

fn is_caption(paragraph: &Paragraph, text: &str, around: &Surroundings<'_>) -> bool {
    let Some(surely) = marks::caption(text) else {
        return false;
    };
    let beside = paragraph.bounds().is_some_and(|bounds| {
        around.regions.iter().any(|region| {
            let across = region.left < bounds.right && bounds.left < region.right;
            let gap = (bounds.top - region.bottom).max(region.top - bounds.bottom);
            across && gap < CAPTION_DISTANCE
        })
    });
    surely.0 || beside
}

fn is_note(paragraph: &Paragraph, text: &str, around: &Surroundings<'_>) -> bool {
    let Some(first) = paragraph.first() else {
        return false;
    };
    let small = first.size < NOTE_SIZE * around.typography.body;
    let low = first.bounds.top > NOTES_FROM * around.size.height;
    small && low && around.last && (marks::is_note(text) || around.after_note)
}

/// Whether it is mathematics set apart.
fn is_formula(text: &str) -> bool {
    let (mut all, mut mathematical) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        all += 1;
        mathematical += usize::from(is_mathematical(c));
    }
    let words = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.chars().count() >= WORD_CHARS)
        .count();
    let related = text.contains(['=', '≤', '≥', '<', '>', '≈', '∝', '→', '∈', '≡', '∼']);
    #[expect(clippy::cast_precision_loss, reason = "characters of one paragraph")]
    let share = mathematical as f32 / all.max(1) as f32;
    all >= 3
        && related
        && share >= MATHEMATICAL
        && words <= LONGEST_FORMULA_WORDS
        && !text.contains(['。', '、'])
}

fn is_mathematical(c: char) -> bool {
    matches!(c,
        '=' | '+' | '−' | '×' | '÷' | '±' | '<' | '>' | '^' | '|' | '/' | '·'
        | '\u{2200}'..='\u{22FF}' | '\u{2190}'..='\u{21FF}' | '\u{0370}'..='\u{03FF}'
        | '\u{1D400}'..='\u{1D7FF}' | '\u{2A00}'..='\u{2AFF}' | '\u{27C0}'..='\u{27EF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_told_from_prose_about_them() {
        assert!(is_formula("E = mc^2 (1)") && is_formula("∑ x_i ≤ α + β"));
        assert!(!is_formula(
            "where x = 3 denotes the number of samples that were taken"
        ));
        assert!(!is_formula("a plain sentence") && !is_formula("値は x = 3 である。"));
    }
}
