//! Running headers and footers: lines on top of and below pages that the pages near by have too.

use super::{Piece, lines::lines};
use crate::document::extraction::{PageSize, Rect};

/// Share of the page's height, from either end, in which they stand.
const MARGIN: f32 = 0.13;
/// Lines of a header or a footer.
const MOST_LINES: usize = 3;
/// The same line stands at the same height on another page, within so many points.
const SAME_HEIGHT: f32 = 5.0;

/// The first and last lines of a page.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    lines: Vec<Edge>,
}

#[derive(Clone, Debug)]
struct Edge {
    /// Its text, every number being as good as another.
    key: String,
    bounds: Rect,
    top: bool,
}

/// What of a page runs on over others.
#[derive(Debug, Default)]
pub(super) struct Running {
    pub headers: Vec<Rect>,
    pub footers: Vec<Rect>,
}

impl Edges {
    pub fn of(pieces: &[Piece], size: PageSize) -> Self {
        let seen = pieces
            .iter()
            .filter(|piece| piece.concealment.is_none() && !piece.turned);
        let margin = size.height * MARGIN;
        let (mut above, mut below): (Vec<&Piece>, Vec<&Piece>) = (Vec::new(), Vec::new());
        for piece in seen {
            if piece.bounds.bottom < margin {
                above.push(piece);
            } else if piece.bounds.top > size.height - margin {
                below.push(piece);
            }
        }
        let mut edges = Self::default();
        edges.add(&mut above, true);
        edges.add(&mut below, false);
        edges
    }

    fn add(&mut self, pieces: &mut [&Piece], top: bool) {
        pieces.sort_by(|one, other| one.bounds.top.total_cmp(&other.bounds.top));
        let mut lines = lines(pieces);
        if !top {
            lines.reverse();
        }
        let edges = lines.into_iter().take(MOST_LINES);
        self.lines.extend(edges.map(|line| Edge {
            key: key(&line.text),
            bounds: line.bounds,
            top,
        }));
    }

    /// What of it stands on one of the `others` too. Several lines run only from the edge inwards.
    pub(super) fn running(&self, others: &[&Self]) -> Running {
        let mut running = Running::default();
        for top in [true, false] {
            let own = self.lines.iter().filter(|line| line.top == top);
            let repeated = own.filter(|line| {
                others
                    .iter()
                    .flat_map(|other| &other.lines)
                    .any(|other| line.repeats(other))
            });
            let found = if top {
                &mut running.headers
            } else {
                &mut running.footers
            };
            found.extend(repeated.map(|line| line.bounds));
        }
        running
    }
}

impl Edge {
    fn repeats(&self, other: &Self) -> bool {
        self.top == other.top
            && (self.bounds.top - other.bounds.top).abs() < SAME_HEIGHT
            && (self.bounds.height() - other.bounds.height()).abs() < SAME_HEIGHT
            && (self.key == other.key || is_folio(&self.key) && is_folio(&other.key))
    }
}

impl Running {
    pub fn is_header(&self, bounds: &Rect) -> bool {
        is_in(&self.headers, bounds)
    }

    pub fn is_footer(&self, bounds: &Rect) -> bool {
        is_in(&self.footers, bounds)
    }
}

fn is_in(areas: &[Rect], bounds: &Rect) -> bool {
    let (x, y) = bounds.middle();
    areas.iter().any(|area| area.contains(x, y))
}

fn key(text: &str) -> String {
    let mut key = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        let c = if c.is_numeric() { '#' } else { c };
        if !(c == '#' && key.ends_with('#')) {
            key.push(c);
        }
    }
    key
}

/// A page's number and nothing else.
fn is_folio(key: &str) -> bool {
    let inner = key.trim_matches(['-', '–', '—', '[', ']', '(', ')', '.', '/']);
    inner == "#"
        || inner == "#/#"
        || !inner.is_empty() && inner.chars().all(|c| "ivxlcdm".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(text: &str, y: f32, top: bool) -> Edge {
        let bounds = Rect {
            left: 0.0,
            top: y,
            right: 100.0,
            bottom: y + 10.0,
        };
        Edge {
            key: key(text),
            bounds,
            top,
        }
    }

    #[test]
    fn lines_that_differ_in_numbers_only_run_on() {
        let page = Edges {
            lines: vec![
                edge("3 Results 12", 30.0, true),
                edge("12", 800.0, false),
                edge("body", 50.0, true),
            ],
        };
        let next = Edges {
            lines: vec![
                edge("3 Results 13", 31.0, true),
                edge("xiii", 800.0, false),
                edge("text", 50.0, true),
            ],
        };
        let running = page.running(&[&next]);
        assert_eq!((running.headers.len(), running.footers.len()), (1, 1));
        let alone = page.running(&[]);
        assert!(alone.headers.is_empty() && alone.footers.is_empty());
    }
}
