//! Tables: those with lines around or between their cells, and those whose cells only stand below each other.

use super::{
    Piece,
    grid::{Grid, gaps, grid},
    lines::{TextLine, lines},
    marks,
};
use crate::document::extraction::{
    Block, BlockKind, Line, Rect,
    pdf::{Drawing, Rule},
};

/// Pages with more lines show a drawing.
const MOST_RULES: usize = 1500;
/// Lines that end this close to each other, in points, belong together.
const TOUCHING: f32 = 3.0;
/// A table has at least so many rows with something in two columns.
const FEWEST_FULL_ROWS: usize = 2;
/// Share of its rows that have something in two columns.
const FULL_ROWS: f32 = 0.5;
/// Without any line, cells must stand below each other in at least so many rows.
const FEWEST_ALIGNED_ROWS: usize = 3;
/// In sizes: what begins or ends this close stands below each other.
const ALIGNED: f32 = 0.5;
/// A table of one page has no more characters in a cell than a paragraph has.
const LONGEST_CELL_CHARS: usize = 600;

/// A table, and which pieces of the page are its cells.
#[derive(Debug)]
pub(super) struct Table {
    pub bounds: Rect,
    pub members: Vec<usize>,
    grid: Grid,
}

/// Tables with lines. `taken`: pieces that are something else.
pub(super) fn ruled(pieces: &[&Piece], drawing: &Drawing) -> Vec<Table> {
    if drawing.rules.len() > MOST_RULES {
        return Vec::new();
    }
    let mut tables: Vec<Table> = Vec::new();
    for cluster in clusters(&drawing.rules) {
        let Some(table) = table(pieces, &cluster) else {
            continue;
        };
        if tables.iter().all(|other| {
            other
                .members
                .iter()
                .all(|member| !table.members.contains(member))
        }) {
            tables.push(table);
        }
    }
    tables
}

/// Lines that touch, or that begin and end at the same places one below the other; the largest groups first.
fn clusters(rules: &[Rule]) -> Vec<Vec<Rule>> {
    let mut groups: Vec<usize> = (0..rules.len()).collect();
    for one in 0..rules.len() {
        for other in 0..one {
            if groups[one] != groups[other] && belong(&rules[one], &rules[other]) {
                let (from, to) = (groups[one], groups[other]);
                groups
                    .iter_mut()
                    .filter(|group| **group == from)
                    .for_each(|group| *group = to);
            }
        }
    }
    let mut clusters: Vec<Vec<Rule>> = vec![Vec::new(); rules.len()];
    for (rule, group) in rules.iter().zip(groups) {
        clusters[group].push(*rule);
    }
    clusters.retain(|cluster| cluster.len() > 1);
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.len()));
    clusters
}

fn belong(one: &Rule, other: &Rule) -> bool {
    let (a, b) = (one.bounds, other.bounds);
    let touch = a.left <= b.right + TOUCHING
        && b.left <= a.right + TOUCHING
        && a.top <= b.bottom + TOUCHING
        && b.top <= a.bottom + TOUCHING;
    let same_width = (a.left - b.left).abs() < TOUCHING && (a.right - b.right).abs() < TOUCHING;
    touch || one.horizontal && other.horizontal && same_width
}

fn table(pieces: &[&Piece], rules: &[Rule]) -> Option<Table> {
    let bounds = rules
        .iter()
        .map(|rule| rule.bounds)
        .reduce(|all, next| all.union(&next))?;
    let inside = |piece: &Piece| {
        let (x, y) = piece.bounds.middle();
        bounds.contains(x, y) && !piece.turned && !piece.vertical
    };
    let members: Vec<usize> = pieces
        .iter()
        .enumerate()
        .filter(|(_, piece)| inside(piece))
        .map(|(index, _)| index)
        .collect();
    let lines = rows(pieces, &members);
    let mut columns = edges(rules, false, bounds.height());
    // The outermost lines are its frame.
    columns.retain(|x| *x > bounds.left + TOUCHING && *x < bounds.right - TOUCHING);
    if columns.is_empty() {
        columns = gaps(&lines, bounds);
    }
    // A table of contents is none of cells.
    let led = lines
        .iter()
        .filter(|line| marks::is_leader(&line.text))
        .count();
    if led * 2 > lines.len() {
        return None;
    }
    let borders = edges(rules, true, bounds.width());
    let grid = grid(&lines, &columns, &borders);
    is_table(&grid).then_some(Table {
        bounds,
        members,
        grid,
    })
}

fn rows(pieces: &[&Piece], members: &[usize]) -> Vec<TextLine> {
    let mut own: Vec<&Piece> = members.iter().map(|index| pieces[*index]).collect();
    own.sort_by(|one, other| one.bounds.top.total_cmp(&other.bounds.top));
    lines(&own)
}

#[expect(clippy::cast_precision_loss, reason = "rows of one page")]
fn is_table(grid: &Grid) -> bool {
    let full = grid.full_rows();
    let short = |cell: &String| cell.chars().count() <= LONGEST_CELL_CHARS;
    grid.columns() > 1
        && full >= FEWEST_FULL_ROWS
        && full as f32 >= FULL_ROWS * grid.rows.len() as f32
        && grid.rows.iter().flat_map(|(cells, _)| cells).all(short)
}

/// Where lines across (`horizontal`) or along the table stand, those that are long enough to part it.
fn edges(rules: &[Rule], horizontal: bool, extent: f32) -> Vec<f32> {
    let mut edges: Vec<(f32, f32)> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.horizontal == horizontal) {
        let (x, y) = rule.bounds.middle();
        let (place, length) = if horizontal {
            (y, rule.bounds.width())
        } else {
            (x, rule.bounds.height())
        };
        match edges
            .iter_mut()
            .find(|(other, _)| (other - place).abs() < TOUCHING)
        {
            Some((_, all)) => *all += length,
            None => edges.push((place, length)),
        }
    }
    edges.retain(|(_, length)| *length >= 0.5 * extent);
    let mut places: Vec<f32> = edges.into_iter().map(|(place, _)| place).collect();
    places.sort_by(f32::total_cmp);
    places
}

/// The longest table without lines that begins with the first of `lines`: how many of them it takes, and its rows.
pub(super) fn aligned(lines: &[TextLine]) -> Option<(usize, Table)> {
    let tabular = |line: &&TextLine| {
        line.cells.len() > 1 && !line.face.fixed && !line.turned && !marks::is_leader(&line.text)
    };
    let count = lines.iter().take_while(tabular).count();
    if count < FEWEST_ALIGNED_ROWS {
        return None;
    }
    let mut end = 1;
    while end < count && stands_below(&lines[end - 1], &lines[end]) {
        end += 1;
    }
    if end < FEWEST_ALIGNED_ROWS {
        return None;
    }
    let own = &lines[..end];
    let bounds = own
        .iter()
        .map(|line| line.bounds)
        .reduce(|all, next| all.union(&next))?;
    let area = own
        .iter()
        .map(|line| line.area)
        .reduce(|all, next| all.union(&next))?;
    let grid = grid(own, &gaps(own, area), &[]);
    is_table(&grid).then_some((
        end,
        Table {
            bounds,
            members: Vec::new(),
            grid,
        },
    ))
}

/// Whether a cell of each line but the first begins, ends or is centred where one of the line above is.
fn stands_below(above: &TextLine, line: &TextLine) -> bool {
    let near = |one: f32, other: f32| (one - other).abs() < ALIGNED * line.size.max(1.0);
    let close = line.area.top - above.area.bottom < 1.5 * line.size.max(1.0);
    let matches = line.cells.iter().skip(1).filter(|cell| {
        above.cells.iter().skip(1).any(|other| {
            near(cell.area.left, other.area.left)
                || near(cell.area.right, other.area.right)
                || near(cell.area.middle().0, other.area.middle().0)
        })
    });
    close && matches.count() > 0
}

impl Table {
    pub fn block(&self) -> Block {
        let (mut text, mut lines, mut chars) = (String::new(), Vec::new(), 0_u32);
        for (cells, bounds) in &self.grid.rows {
            if !text.is_empty() {
                text.push('\n');
                chars += 1;
            }
            let row = cells.join("\t");
            let start = chars;
            chars += u32::try_from(row.chars().count()).unwrap_or(0);
            text.push_str(&row);
            lines.push(Line {
                start,
                end: chars,
                bounds: *bounds,
            });
        }
        let rows = self
            .grid
            .rows
            .iter()
            .map(|(cells, _)| cells.clone())
            .collect();
        Block {
            kind: BlockKind::Table { rows },
            text,
            bounds: Some(self.bounds),
            lines,
            hidden: false,
        }
    }
}
