//! Figures: images, and drawings of many strokes.

use super::Piece;
use crate::document::extraction::{PageSize, Rect, pdf::Drawing};

/// Share of a page from which an image is a figure, and up to which: what covers more is its background.
const FIGURE_SHARE: std::ops::Range<f32> = 0.012..0.75;
/// Strokes of a drawing are no farther apart, in points.
const STROKES_APART: f32 = 12.0;
/// Fewer shapes are ornaments.
const FEWEST_SHAPES: usize = 8;
/// Pages with more shapes are looked at by their first ones.
const MOST_SHAPES: usize = 1200;
/// Share of a figure that is written over, beyond which it is text in a frame.
const MOST_WRITTEN: f32 = 0.25;

/// A figure, and the pieces that are written in it.
#[derive(Debug)]
pub(super) struct Figure {
    pub bounds: Rect,
    pub members: Vec<usize>,
}

pub(super) fn figures(pieces: &[&Piece], drawing: &Drawing, size: PageSize) -> Vec<Figure> {
    let page = (size.width * size.height).max(1.0);
    let mut areas: Vec<Rect> = drawing.images.clone();
    areas.extend(drawings(drawing));
    let merged = merged(areas.into_iter().take(MOST_SHAPES).collect(), 1.0);
    let of_size = merged
        .into_iter()
        .filter(|(area, _)| FIGURE_SHARE.contains(&(area.area() / page)));
    let mut figures: Vec<Figure> = Vec::new();
    for (bounds, _) in of_size {
        let inside = |piece: &&Piece| {
            let (x, y) = piece.bounds.middle();
            bounds.contains(x, y)
        };
        let own = || pieces.iter().copied().filter(inside);
        let written: f32 = own().map(|piece| piece.bounds.area()).sum();
        // A program in a frame is set in letters of one width.
        let program = own().count() > 0 && own().all(|piece| piece.face.fixed);
        if !program && written < MOST_WRITTEN * bounds.area() {
            let members = pieces.iter().enumerate().filter(|(_, piece)| inside(piece));
            figures.push(Figure {
                bounds,
                members: members.map(|(index, _)| index).collect(),
            });
        }
    }
    figures
}

/// Where many shapes stand close together.
fn drawings(drawing: &Drawing) -> Vec<Rect> {
    let shapes: Vec<Rect> = drawing.shapes.iter().copied().take(MOST_SHAPES).collect();
    let groups = merged(shapes, STROKES_APART).into_iter();
    groups
        .filter(|(_, shapes)| *shapes >= FEWEST_SHAPES)
        .map(|(area, _)| area)
        .collect()
}

/// Areas that are no farther apart than `apart` as one, and how many each is made of.
fn merged(areas: Vec<Rect>, apart: f32) -> Vec<(Rect, usize)> {
    let mut merged: Vec<(Rect, usize)> = Vec::new();
    for area in areas {
        let mut all = (area, 1);
        // A larger area may reach others.
        while let Some(index) = merged
            .iter()
            .position(|(other, _)| near(other, &all.0, apart))
        {
            let (other, count) = merged.swap_remove(index);
            all = (all.0.union(&other), all.1 + count);
        }
        merged.push(all);
    }
    merged
}

fn near(one: &Rect, other: &Rect, apart: f32) -> bool {
    one.left <= other.right + apart
        && other.left <= one.right + apart
        && one.top <= other.bottom + apart
        && other.top <= one.bottom + apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_a_figure_and_a_background_is_not() {
        let size = PageSize {
            width: 600.0,
            height: 800.0,
        };
        let image = |right, bottom| Rect {
            left: 0.0,
            top: 0.0,
            right,
            bottom,
        };
        let of = |area| {
            let drawing = Drawing {
                images: vec![area],
                ..Drawing::default()
            };
            figures(&[], &drawing, size).len()
        };
        assert_eq!(
            (
                of(image(300.0, 200.0)),
                of(image(600.0, 800.0)),
                of(image(20.0, 20.0))
            ),
            (1, 0, 0)
        );
    }

    #[test]
    fn strokes_that_stand_close_are_one_drawing() {
        let strokes = (0..20u8).map(|step| {
            let left = 100.0 + 10.0 * f32::from(step);
            Rect {
                left,
                top: 100.0,
                right: left + 5.0,
                bottom: 200.0,
            }
        });
        let drawing = Drawing {
            shapes: strokes.collect(),
            ..Drawing::default()
        };
        let found = figures(
            &[],
            &drawing,
            PageSize {
                width: 600.0,
                height: 800.0,
            },
        );
        assert_eq!(found.len(), 1);
        assert!((found[0].bounds.right - 295.0).abs() < 0.1);
    }
}
