//! Rows and columns out of pieces that stand in a table.

use super::{
    lines::{Cell, TextLine},
    script::joins_without_space,
};
use crate::document::extraction::Rect;

/// In sizes: a narrower gap is none between columns.
const NARROWEST_GAP: f32 = 0.7;
/// A piece wider than this share of the table stands over several columns.
const SPANNING: f32 = 0.6;
/// Tables have no more columns than this.
const MOST_COLUMNS: usize = 40;

/// A table as it is told: each row's cells, and where the row stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    pub rows: Vec<(Vec<String>, Rect)>,
}

impl Grid {
    pub fn columns(&self) -> usize {
        self.rows
            .iter()
            .map(|(cells, _)| cells.len())
            .max()
            .unwrap_or(0)
    }

    /// Rows in which at least two columns have something.
    pub fn full_rows(&self) -> usize {
        let full = |cells: &[String]| cells.iter().filter(|cell| !cell.is_empty()).count() > 1;
        self.rows.iter().filter(|(cells, _)| full(cells)).count()
    }
}

/// Where columns meet, by what of the table's width no cell covers.
pub(super) fn gaps(lines: &[TextLine], bounds: Rect) -> Vec<f32> {
    let size = lines
        .iter()
        .map(|line| line.size)
        .fold(0.0, f32::max)
        .max(1.0);
    let narrow = |cell: &&Cell| cell.area.width() < SPANNING * bounds.width();
    let mut areas: Vec<(f32, f32)> = lines
        .iter()
        .flat_map(|line| line.cells.iter().filter(narrow))
        .map(|cell| (cell.area.left, cell.area.right))
        .collect();
    areas.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut gaps = Vec::new();
    let mut reached = f32::NAN;
    for (left, right) in areas {
        if left - reached > NARROWEST_GAP * size {
            gaps.push(f32::midpoint(left, reached));
        }
        reached = reached.max(right);
    }
    gaps.truncate(MOST_COLUMNS);
    gaps
}

/// The table's rows: lines between the same two of the horizontal `borders`, or, where there are none, lines with a line
/// without anything in its first column going on with the one above it.
pub(super) fn grid(lines: &[TextLine], columns: &[f32], borders: &[f32]) -> Grid {
    let mut grid = Grid::default();
    let mut last_band = None;
    for line in lines {
        let mut cells = vec![String::new(); columns.len() + 1];
        for cell in &line.cells {
            let column = columns
                .iter()
                .filter(|edge| cell.area.middle().0 > **edge)
                .count();
            join(&mut cells[column], &cell.text);
        }
        let (_, y) = line.area.middle();
        let band = borders.iter().filter(|border| **border < y).count();
        let same_band = last_band.replace(band) == Some(band);
        let ruled = borders.len() > 3;
        match grid.rows.last_mut() {
            Some((row, bounds)) if same_band && (ruled || cells[0].is_empty()) => {
                row.iter_mut()
                    .zip(&cells)
                    .for_each(|(all, more)| join(all, more));
                *bounds = bounds.union(&line.bounds);
            }
            _ => grid.rows.push((cells, line.bounds)),
        }
    }
    grid
}

fn join(text: &mut String, more: &str) {
    let ends = (text.chars().next_back(), more.chars().next());
    if let (Some(one), Some(other)) = ends
        && !joins_without_space(one, other)
    {
        text.push(' ');
    }
    text.push_str(&more.replace(['\t', '\n'], " "));
}
