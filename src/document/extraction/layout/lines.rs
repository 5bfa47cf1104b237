//! Lines: pieces that stand side by side, from left to right; in vertical writing from the top down, lines from the right.

use super::{Piece, is_cjk};
use crate::document::extraction::{Rect, pdf::Face};

/// Pieces share a line where the smaller one lies beside the other by this share of its height.
const BESIDE: f32 = 0.5;
/// A smaller mark, as a share of its neighbour's height, is raised.
const RAISED: f32 = 0.87;
/// In sizes: what stands farther apart are cells.
const CELL_GAP: f32 = 1.4;

/// One line of one column.
#[derive(Clone, Debug)]
pub(super) struct TextLine {
    pub text: String,
    /// On the page.
    pub bounds: Rect,
    /// As it is read: along it from left to right, and downwards from line to line, whatever way it is written.
    pub area: Rect,
    pub size: f32,
    pub face: Face,
    /// Its text goes on in the next line within a word.
    pub divided: bool,
    /// Texts that stand apart in it, with their places along it.
    pub cells: Vec<Cell>,
    pub turned: bool,
    /// It begins with something small set above the others, as the mark of a note.
    pub raised: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub text: String,
    pub area: Rect,
}

/// The place of a piece as it is read.
pub(super) fn area_of(piece: &Piece) -> Rect {
    if piece.vertical {
        turned(piece.bounds)
    } else {
        piece.bounds
    }
}

/// As vertical writing is read: along it from its top, the next line to its left.
pub(super) fn turned(bounds: Rect) -> Rect {
    Rect {
        left: bounds.top,
        top: -bounds.right,
        right: bounds.bottom,
        bottom: -bounds.left,
    }
}

/// Pieces of one group, top to bottom, as lines.
pub(super) fn lines(pieces: &[&Piece]) -> Vec<TextLine> {
    let mut rows: Vec<(Rect, Vec<&Piece>)> = Vec::new();
    for piece in pieces {
        let area = area_of(piece);
        let beside = rows.iter_mut().rev().take(4).find(|(row, members)| {
            members
                .last()
                .is_some_and(|last| last.turned == piece.turned)
                && is_beside(row, &area)
        });
        match beside {
            Some((row, members)) => {
                *row = row.union(&area);
                members.push(piece);
            }
            None => rows.push((area, vec![piece])),
        }
    }
    rows.into_iter()
        .filter_map(|(_, members)| line(members))
        .collect()
}

fn is_beside(row: &Rect, area: &Rect) -> bool {
    let shared = row.bottom.min(area.bottom) - row.top.max(area.top);
    shared >= BESIDE * row.height().min(area.height()).max(0.1)
}

fn line(mut members: Vec<&Piece>) -> Option<TextLine> {
    members.sort_by(|one, other| area_of(one).left.total_cmp(&area_of(other).left));
    let main = members.iter().max_by_key(|piece| piece.chars())?;
    let (size, face) = (main.size, main.face);
    let mut cells: Vec<Cell> = Vec::new();
    let mut text = String::new();
    let mut last: Option<&Piece> = None;
    for piece in &members {
        let (own, area) = (piece.text(), area_of(piece));
        let gap = last.map_or(0.0, |last| area.left - area_of(last).right);
        match cells.last_mut() {
            Some(cell) if gap < CELL_GAP * size => {
                if is_spaced(&cell.text, &own, gap, size) {
                    cell.text.push(' ');
                }
                cell.text.push_str(&own);
                cell.area = cell.area.union(&area);
            }
            _ => cells.push(Cell {
                text: own.clone(),
                area,
            }),
        }
        if last.is_some() && is_spaced(&text, &own, gap, size) {
            text.push(' ');
        }
        text.push_str(&own);
        last = Some(piece);
    }
    let bounds = members
        .iter()
        .map(|piece| piece.bounds)
        .reduce(|all, next| all.union(&next))?;
    let area = members
        .iter()
        .map(|piece| area_of(piece))
        .reduce(|all, next| all.union(&next))?;
    Some(TextLine {
        text,
        bounds,
        area,
        size,
        face,
        divided: last.is_some_and(|last| last.divided),
        cells,
        turned: main.turned,
        raised: members.first().is_some_and(|first| begins_raised(first)),
    })
}

fn begins_raised(piece: &Piece) -> bool {
    let [mark, next, ..] = piece.words.as_slice() else {
        return false;
    };
    mark.bounds.height() < RAISED * next.bounds.height()
        || mark.bounds.bottom < next.bounds.bottom - (1.0 - RAISED) * next.bounds.height()
}

fn is_spaced(before: &str, after: &str, gap: f32, size: f32) -> bool {
    let ends = (before.chars().next_back(), after.chars().next());
    let (Some(one), Some(other)) = ends else {
        return false;
    };
    let least = if is_cjk(one) || is_cjk(other) {
        0.5
    } else {
        0.15
    };
    gap > least * size
}
