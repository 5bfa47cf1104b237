//! The order in which the parts of a page are read: columns one after the other, what spans them in between.
//!
//! A gutter is a strip that few pieces cross. Those that cross it (a title, a wide table) divide the page into bands; in each band the
//! left side is read before the right one. Each side is then looked at in the same way.

use crate::document::extraction::Rect;

/// In sizes of the body: a narrower strip is no gutter.
const NARROWEST_GUTTER: f32 = 0.9;
/// Share of the lines beside a gutter that may cross it.
const MOST_CROSSING: f32 = 0.35;
/// A column has at least so many lines.
const FEWEST_LINES: usize = 4;
/// Lines of a column are at least so long, as a share of its width: shorter ones are cells of a table.
const SHORTEST_TYPICAL_LINE: f32 = 0.55;
/// A column is at least so wide, in sizes of the body.
const NARROWEST_COLUMN: f32 = 8.0;
const DEEPEST: u8 = 4;

/// Groups of what is read together, in reading order; each as indices into `areas`, top to bottom.
pub(super) fn reading_order(areas: &[Rect], body: f32) -> Vec<Vec<usize>> {
    let mut groups = Vec::new();
    let mut all: Vec<usize> = (0..areas.len()).collect();
    all.sort_by(|one, other| areas[*one].top.total_cmp(&areas[*other].top));
    divide(areas, all, body, DEEPEST, &mut groups);
    groups
}

fn divide(areas: &[Rect], members: Vec<usize>, body: f32, depth: u8, groups: &mut Vec<Vec<usize>>) {
    let gutter = (depth > 0).then(|| gutter(areas, &members, body)).flatten();
    let Some(gutter) = gutter else {
        if !members.is_empty() {
            groups.push(members);
        }
        return;
    };
    let (mut left, mut right, mut spanning) = (Vec::new(), Vec::new(), Vec::new());
    let flush = |left: &mut Vec<usize>, right: &mut Vec<usize>, groups: &mut Vec<_>| {
        divide(areas, std::mem::take(left), body, depth - 1, groups);
        divide(areas, std::mem::take(right), body, depth - 1, groups);
    };
    for member in members {
        let area = areas[member];
        if area.left < gutter && area.right > gutter {
            flush(&mut left, &mut right, groups);
            spanning.push(member);
            continue;
        }
        if !spanning.is_empty() {
            // What stands beside the last piece that spans is part of its line.
            let line = spanning
                .iter()
                .map(|index: &usize| areas[*index].bottom)
                .fold(0.0, f32::max);
            if area.middle().1 < line {
                spanning.push(member);
                continue;
            }
            groups.push(std::mem::take(&mut spanning));
        }
        if area.right <= gutter {
            left.push(member);
        } else {
            right.push(member);
        }
    }
    if !spanning.is_empty() {
        groups.push(spanning);
    }
    flush(&mut left, &mut right, groups);
}

/// The middle of the best strip between two columns.
fn gutter(areas: &[Rect], members: &[usize], body: f32) -> Option<f32> {
    if members.len() < 2 * FEWEST_LINES {
        return None;
    }
    let mut best: Option<(usize, f32, f32)> = None;
    for (begin, end) in strips(areas, members, body) {
        let middle = f32::midpoint(begin, end);
        let Some(crossing) = crossing(areas, members, middle, body) else {
            continue;
        };
        let width = end - begin;
        let better = best.is_none_or(|(fewest, widest, _)| {
            crossing < fewest || crossing == fewest && width > widest
        });
        if better {
            best = Some((crossing, width, middle));
        }
    }
    best.map(|(_, _, middle)| middle)
}

/// Strips between the end of some pieces and the next beginning of others that few pieces cover.
fn strips(areas: &[Rect], members: &[usize], body: f32) -> Vec<(f32, f32)> {
    let mut edges: Vec<(f32, i32)> = Vec::new();
    for area in members.iter().map(|index| areas[*index]) {
        edges.push((area.left, 1));
        edges.push((area.right, -1));
    }
    edges.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let most = i32::try_from(members.len() / 3).unwrap_or(i32::MAX);
    let (mut strips, mut covering, mut begin) = (Vec::new(), 0, None);
    for (x, change) in edges {
        let before = covering;
        covering += change;
        if covering <= most && before > most {
            begin = Some(x);
        } else if covering > most
            && before <= most
            && let Some(begin) = begin
                .take()
                .filter(|begin| x - begin >= NARROWEST_GUTTER * body)
        {
            strips.extend(emptiest(areas, members, begin, x, body));
        }
    }
    strips
}

/// The widest part of a strip that no piece begins or ends in.
fn emptiest(
    areas: &[Rect],
    members: &[usize],
    begin: f32,
    end: f32,
    body: f32,
) -> Option<(f32, f32)> {
    let mut inside: Vec<f32> = members
        .iter()
        .flat_map(|index| [areas[*index].left, areas[*index].right])
        .filter(|x| (begin..=end).contains(x))
        .collect();
    inside.extend([begin, end]);
    inside.sort_by(f32::total_cmp);
    let widest = inside
        .windows(2)
        .max_by(|one, other| (one[1] - one[0]).total_cmp(&(other[1] - other[0])))?;
    (widest[1] - widest[0] >= NARROWEST_GUTTER * body).then_some((widest[0], widest[1]))
}

/// How many pieces cross `x`, where both sides look like columns of text.
fn crossing(areas: &[Rect], members: &[usize], x: f32, body: f32) -> Option<usize> {
    let (mut left, mut right, mut crossing) = (Vec::new(), Vec::new(), 0);
    for area in members.iter().map(|index| areas[*index]) {
        match (area.right <= x, area.left >= x) {
            (true, _) => left.push(area),
            (_, true) => right.push(area),
            _ => crossing += 1,
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "pieces of one page")]
    let few = crossing as f32 <= MOST_CROSSING * (left.len().min(right.len()) as f32);
    (few && is_column(&left, body) && is_column(&right, body)).then_some(crossing)
}

fn is_column(areas: &[Rect], body: f32) -> bool {
    let Some(all) = areas.iter().copied().reduce(|all, next| all.union(&next)) else {
        return false;
    };
    let mut widths: Vec<f32> = areas.iter().map(Rect::width).collect();
    widths.sort_by(f32::total_cmp);
    // Of lines, longer than most: paragraphs end with short ones.
    let typical = widths[widths.len() * 3 / 5];
    areas.len() >= FEWEST_LINES
        && all.width() >= NARROWEST_COLUMN * body
        && typical >= SHORTEST_TYPICAL_LINE * all.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(left: f32, right: f32, top: f32) -> Rect {
        Rect {
            left,
            top,
            right,
            bottom: top + 10.0,
        }
    }

    #[test]
    fn columns_are_read_one_after_the_other_around_what_spans_them() {
        let mut areas = vec![line(100.0, 500.0, 10.0)];
        for row in 0..10u8 {
            areas.push(line(50.0, 290.0, 40.0 + 12.0 * f32::from(row)));
            areas.push(line(310.0, 550.0, 40.0 + 12.0 * f32::from(row)));
        }
        areas.push(line(60.0, 540.0, 200.0));
        areas.push(line(50.0, 290.0, 220.0));
        areas.push(line(310.0, 550.0, 220.0));
        let order: Vec<usize> = reading_order(&areas, 10.0).concat();
        let left: Vec<usize> = (0..10).map(|row| 1 + 2 * row).collect();
        let right: Vec<usize> = (0..10).map(|row| 2 + 2 * row).collect();
        assert_eq!(order, [vec![0], left, right, vec![21, 22, 23]].concat());
    }

    #[test]
    fn a_table_is_not_taken_for_columns() {
        let mut areas = Vec::new();
        for row in 0..10u8 {
            let top = 12.0 * f32::from(row);
            areas.push(line(50.0, 80.0 + f32::from(row % 3) * 20.0, top));
            areas.push(line(310.0, 330.0 + f32::from(row % 4) * 55.0, top));
        }
        assert_eq!(reading_order(&areas, 10.0).len(), 1);
    }
}
