//! Blocks: lines that are read as one, each with what it is.

use super::{
    Piece, Typography, classify,
    columns::reading_order,
    joins_without_space,
    lines::{TextLine, area_of, lines},
};
use crate::document::extraction::{Block, BlockKind, Line, Rect, pdf::Drawing};

/// Lines farther apart than the usual distance by this much begin a paragraph.
const WIDE_DISTANCE: f32 = 1.3;
/// In sizes: a line that begins this far inside begins a paragraph.
const INDENT: std::ops::Range<f32> = 0.7..4.5;
/// Letters of one paragraph differ in size by no more than this.
const OTHER_SIZE: f32 = 1.12;
/// A line that leaves this share of its column empty may end a paragraph.
const SHORT_LINE: f32 = 0.85;

/// What was read of a page.
#[derive(Debug, Default)]
pub struct PageContent {
    pub pieces: Vec<Piece>,
    pub drawing: Drawing,
}

/// Lines that make one block.
#[derive(Clone, Debug)]
pub(super) struct Paragraph {
    pub lines: Vec<TextLine>,
    /// The column that it stands in, as it is read.
    pub column: Rect,
}

/// The blocks of a page in reading order; what nobody can see comes last.
pub fn page_blocks(content: &PageContent, typography: &Typography) -> Vec<Block> {
    let (seen, hidden): (Vec<&Piece>, Vec<&Piece>) = content
        .pieces
        .iter()
        .partition(|piece| piece.concealment.is_none());
    let paragraphs = paragraphs(&seen, typography.body);
    let mut blocks: Vec<Block> = paragraphs
        .iter()
        .map(|paragraph| block(paragraph, classify::kind(paragraph, typography), false))
        .collect();
    let hidden = self::paragraphs(&hidden, typography.body);
    blocks.extend(
        hidden
            .iter()
            .map(|paragraph| block(paragraph, BlockKind::Paragraph, true)),
    );
    blocks.retain(|block| !block.text.is_empty());
    blocks
}

fn paragraphs(pieces: &[&Piece], body: f32) -> Vec<Paragraph> {
    let vertical = pieces
        .iter()
        .filter(|piece| piece.vertical)
        .map(|piece| piece.chars())
        .sum::<usize>();
    let all = pieces.iter().map(|piece| piece.chars()).sum::<usize>();
    // A page is read one way; a few lines of the other are read within it.
    let areas: Vec<Rect> = if vertical * 2 > all {
        pieces
            .iter()
            .map(|piece| {
                area_of(&Piece {
                    vertical: true,
                    ..(*piece).clone()
                })
            })
            .collect()
    } else {
        pieces.iter().map(|piece| piece.bounds).collect()
    };
    let mut paragraphs = Vec::new();
    for group in reading_order(&areas, body) {
        let members: Vec<&Piece> = group.iter().map(|index| pieces[*index]).collect();
        paragraphs.extend(split(lines(&members)));
    }
    paragraphs
}

/// Where one paragraph ends and another begins.
fn split(lines: Vec<TextLine>) -> Vec<Paragraph> {
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
            Some(open) if continues(open, &line, usual) => open.lines.push(line),
            _ => paragraphs.push(Paragraph {
                lines: vec![line],
                column,
            }),
        }
    }
    paragraphs
}

/// Between the tops of two lines, in sizes of their letters; of half of the lines.
fn usual_distance(lines: &[TextLine]) -> f32 {
    let mut distances: Vec<f32> = lines
        .windows(2)
        .map(|pair| (pair[1].area.bottom - pair[0].area.bottom) / pair[1].size.max(1.0))
        .filter(|distance| (0.8..2.5).contains(distance))
        .collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() / 2).copied().unwrap_or(1.2)
}

fn continues(open: &Paragraph, line: &TextLine, usual: f32) -> bool {
    let Some(last) = open.lines.last() else {
        return false;
    };
    let size = last.size.max(line.size).max(1.0);
    let distance = (line.area.bottom - last.area.bottom) / line.size.max(1.0);
    let other_face = last.face.bold != line.face.bold || last.face.fixed != line.face.fixed;
    if last.turned != line.turned
        || last.size.max(line.size) > OTHER_SIZE * last.size.min(line.size)
        || !(0.0..usual * WIDE_DISTANCE).contains(&distance)
        || other_face
        || classify::begins_item(&line.text)
    {
        return false;
    }
    if last.divided {
        return true;
    }
    let indented = (line.area.left - last.area.left) / size;
    let hanging = classify::begins_item(&open.lines[0].text);
    if INDENT.contains(&indented) && !(hanging && open.lines.len() == 1) {
        return false;
    }
    let short = last.area.right < open.column.left + SHORT_LINE * open.column.width();
    !(short && ends_sentence(&last.text) && open.lines.len() > 1)
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['」', '』', '）', ')', '"', '”'])
        .ends_with(['.', '。', '．', '!', '?', '！', '？', ':', '：'])
}

/// A paragraph as a block: its lines joined, and where each of them stands.
pub(super) fn block(paragraph: &Paragraph, kind: BlockKind, hidden: bool) -> Block {
    let mut text = String::new();
    let mut places = Vec::new();
    let mut chars = 0;
    let mut divided = false;
    for line in &paragraph.lines {
        let own = line.text.trim();
        if own.is_empty() {
            continue;
        }
        if let (Some(last), Some(first), false) =
            (text.chars().next_back(), own.chars().next(), divided)
        {
            let code = matches!(kind, BlockKind::Code);
            if code || !joins_without_space(last, first) {
                text.push(if code { '\n' } else { ' ' });
                chars += 1;
            }
        }
        let start = chars;
        text.push_str(own);
        chars += u32::try_from(own.chars().count()).unwrap_or(u32::MAX - chars);
        places.push(Line {
            start,
            end: chars,
            bounds: line.bounds,
        });
        divided = line.divided;
    }
    let bounds = places
        .iter()
        .map(|line| line.bounds)
        .reduce(|all, next| all.union(&next));
    Block {
        kind,
        text,
        bounds,
        lines: places,
        hidden,
    }
}
