//! Where one paragraph ends and another begins.

use super::{lines::TextLine, marks};
use crate::document::extraction::Rect;

/// Lines farther apart than the usual distance by this much begin a paragraph.
const WIDE_DISTANCE: f32 = 1.3;
/// In sizes: a line that begins this far inside begins a paragraph.
const INDENT: std::ops::Range<f32> = 0.7..4.5;
/// In sizes: what begins no farther apart begins at the same place.
const SAME_PLACE: f32 = 0.4;
/// Letters of one paragraph differ in size by no more than this.
const OTHER_SIZE: f32 = 1.12;
/// A line that leaves this share of its column empty may end a paragraph.
const SHORT_LINE: f32 = 0.85;
/// In sizes: a line that ends this far from the right edge ends a paragraph of code or verse.
const SMALL_TEXT: f32 = 0.95;

/// Lines that make one block.
#[derive(Clone, Debug)]
pub(super) struct Paragraph {
    pub lines: Vec<TextLine>,
    /// The column that it stands in, as it is read.
    pub column: Rect,
}

impl Paragraph {
    pub fn first(&self) -> Option<&TextLine> {
        self.lines.first()
    }

    pub fn bounds(&self) -> Option<Rect> {
        self.lines
            .iter()
            .map(|line| line.bounds)
            .reduce(|all, next| all.union(&next))
    }

    /// Its lines as they stand, for looking at its first and last characters.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        lines.join(" ")
    }
}

/// The paragraphs of one column.
pub(super) fn split(lines: Vec<TextLine>, body: f32) -> Vec<Paragraph> {
    let Some(column) = lines
        .iter()
        .map(|line| line.area)
        .reduce(|all, next| all.union(&next))
    else {
        return Vec::new();
    };
    let usual = usual_distance(&lines);
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for line in lines {
        match paragraphs.last_mut() {
            Some(open) if continues(open, &line, usual, body) => open.lines.push(line),
            _ => paragraphs.push(Paragraph {
                lines: vec![line],
                column,
            }),
        }
    }
    paragraphs
}

/// Between the feet of two lines, in sizes of their letters; of half of the lines.
fn usual_distance(lines: &[TextLine]) -> f32 {
    let mut distances: Vec<f32> = lines
        .windows(2)
        .map(|pair| (pair[1].area.bottom - pair[0].area.bottom) / pair[1].size.max(1.0))
        .filter(|distance| (0.8..2.5).contains(distance))
        .collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() / 2).copied().unwrap_or(1.2)
}

fn continues(open: &Paragraph, line: &TextLine, usual: f32, body: f32) -> bool {
    let (Some(first), Some(last)) = (open.lines.first(), open.lines.last()) else {
        return false;
    };
    let size = last.size.max(line.size).max(1.0);
    let distance = (line.area.bottom - last.area.bottom) / line.size.max(1.0);
    let other_face = last.face.bold != line.face.bold || last.face.fixed != line.face.fixed;
    if last.turned != line.turned
        || last.size.max(line.size) > OTHER_SIZE * last.size.min(line.size)
        || !(0.0..usual * WIDE_DISTANCE).contains(&distance)
        || other_face
    {
        return false;
    }
    if last.divided {
        return true;
    }
    if begins_by_mark(line, body) || marks::is_leader(&last.text) {
        return false;
    }
    let inside = (line.area.left - last.area.left) / size;
    let hangs = marks::begins_item(&first.text) || marks::begins_reference(&first.text);
    if INDENT.contains(&inside) && !(hangs && open.lines.len() == 1) {
        // The second line of an entry of a list of references may hang too; then a third one does.
        return open.lines.len() == 1
            && first.text.chars().count() > 30
            && !ends_sentence(&first.text);
    }
    let hanging = open.lines.len() > 1 && (last.area.left - first.area.left) / size > INDENT.start;
    let back = (line.area.left - first.area.left).abs() / size < SAME_PLACE;
    if hanging && back {
        return false;
    }
    let short = last.area.right < open.column.left + SHORT_LINE * open.column.width();
    !(short && ends_sentence(&last.text) && open.lines.len() > 1)
}

/// What begins here begins a paragraph, whatever stands before it.
fn begins_by_mark(line: &TextLine, body: f32) -> bool {
    let small = line.size < SMALL_TEXT * body;
    marks::begins_item(&line.text)
        || marks::begins_reference(&line.text)
        || marks::is_leader(&line.text)
        || small && line.raised && marks::is_note(&line.text)
}

pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['」', '』', '）', ')', '"', '”', '’'])
        .ends_with(['.', '。', '．', '!', '?', '！', '？', ':', '：'])
}
