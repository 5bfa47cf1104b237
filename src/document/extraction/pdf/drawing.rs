//! What is drawn on a page beside its text: images, filled areas, and the thin lines that rule tables.

use pdfium_render::prelude::{
    PdfMatrix, PdfPage, PdfPageObject, PdfPageObjectCommon, PdfPageObjectsCommon, PdfPathFillMode,
};

use super::Frame;
use crate::document::extraction::Rect;

/// Pages with more objects are maps and plots: the rest is no table and hides no text.
const MOST_OBJECTS: usize = 20_000;
/// Forms inside forms.
const DEEPEST_FORM: u8 = 4;
/// A thinner filled or stroked shape is a line.
const THICKEST_RULE: f32 = 3.0;
/// A shorter one is part of a letter or a dot.
const SHORTEST_RULE: f32 = 6.0;
/// Two colours that differ by less in every channel (of 255) look the same.
const SAME_COLOUR: u8 = 12;
const PAPER: Colour = [255, 255, 255];

pub type Colour = [u8; 3];

/// A straight line along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub bounds: Rect,
    pub horizontal: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Drawing {
    pub images: Vec<Rect>,
    pub rules: Vec<Rule>,
    /// Filled areas in the order in which they are painted.
    pub fills: Vec<(Rect, Option<Colour>)>,
    /// Other strokes and shapes: what figures are made of.
    pub shapes: Vec<Rect>,
}

impl Drawing {
    pub fn read(page: &PdfPage<'_>, frame: &Frame) -> Self {
        let mut drawing = Self::default();
        let mut left = MOST_OBJECTS;
        drawing.take_all(
            page.objects().iter(),
            (frame, PdfMatrix::IDENTITY),
            &mut left,
            0,
        );
        drawing
    }

    fn take_all<'a>(
        &mut self,
        objects: impl Iterator<Item = PdfPageObject<'a>>,
        place: (&Frame, PdfMatrix),
        left: &mut usize,
        depth: u8,
    ) {
        for object in objects {
            if *left == 0 {
                return;
            }
            *left -= 1;
            self.take(&object, place, left, depth);
        }
    }

    /// `place` is where the object's coordinates lie: in a form inside others, or on the page itself.
    fn take(
        &mut self,
        object: &PdfPageObject<'_>,
        place: (&Frame, PdfMatrix),
        left: &mut usize,
        depth: u8,
    ) {
        if object.as_text_object().is_some() {
            return;
        }
        if let Some(form) = object.as_x_object_form_object() {
            if let (true, Ok(matrix)) = (depth < DEEPEST_FORM, form.matrix()) {
                let inside = (place.0, matrix.multiply(place.1));
                self.take_all(form.iter(), inside, left, depth + 1);
            }
            return;
        }
        let Ok(quad) = object.bounds() else {
            return;
        };
        let corner = |x, y| {
            let (x, y) = place.1.apply_to_points(x, y);
            (x.value, y.value)
        };
        let bounds = place.0.rect(
            corner(quad.left(), quad.bottom()),
            corner(quad.right(), quad.top()),
        );
        if let Some(path) = object.as_path_object() {
            let filled = path
                .fill_mode()
                .is_ok_and(|mode| mode != PdfPathFillMode::None);
            let stroked = path.is_stroked().unwrap_or(false);
            let colour = object
                .fill_color()
                .ok()
                .filter(|colour| colour.alpha() > 127);
            let colour = colour.map(|colour| [colour.red(), colour.green(), colour.blue()]);
            self.take_path(bounds, filled.then_some(colour).flatten(), stroked);
            return;
        }
        if object.as_image_object().is_some() {
            self.images.push(bounds);
        } else {
            self.shapes.push(bounds);
        }
        self.fills.push((bounds, None));
    }

    fn take_path(&mut self, bounds: Rect, filled: Option<Colour>, stroked: bool) {
        let (width, height) = (bounds.width(), bounds.height());
        if height <= THICKEST_RULE && width >= SHORTEST_RULE {
            self.rules.push(Rule {
                bounds,
                horizontal: true,
            });
        } else if width <= THICKEST_RULE && height >= SHORTEST_RULE {
            self.rules.push(Rule {
                bounds,
                horizontal: false,
            });
        } else {
            if filled.is_some() {
                self.fills.push((bounds, filled));
            }
            if stroked || filled.is_some_and(|colour| !same(colour, PAPER)) {
                self.shapes.push(bounds);
            }
        }
    }

    /// Whether text of this colour can not be told from what is painted at this place.
    pub fn hides(&self, colour: Colour, (x, y): (f32, f32)) -> bool {
        let behind = self.fills.iter().filter(|(area, _)| area.contains(x, y));
        let mut on_paper = true;
        let mut alike = false;
        for (_, painted) in behind {
            on_paper = false;
            match painted {
                Some(painted) if same(*painted, colour) => alike = true,
                // Something that it differs from, or whose colours are not known, may well lie right behind it.
                _ => return false,
            }
        }
        alike || (on_paper && same(colour, PAPER))
    }
}

fn same(one: Colour, other: Colour) -> bool {
    one.iter()
        .zip(other)
        .all(|(one, other)| one.abs_diff(other) < SAME_COLOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Colour = [0, 0, 0];

    fn area(left: f32, right: f32) -> Rect {
        Rect {
            left,
            top: 0.0,
            right,
            bottom: 100.0,
        }
    }

    #[test]
    fn text_is_hidden_in_the_colour_of_what_is_behind_it_and_nowhere_else() {
        let mut drawing = Drawing::default();
        assert!(drawing.hides([250, 255, 255], (50.0, 50.0)));
        assert!(!drawing.hides(BLACK, (50.0, 50.0)));
        drawing.take_path(area(0.0, 100.0), Some(BLACK), false);
        assert!(drawing.hides(BLACK, (50.0, 50.0)), "black on a black bar");
        assert!(!drawing.hides(PAPER, (50.0, 50.0)), "white on a black bar");
        assert!(drawing.hides(PAPER, (150.0, 50.0)));
        drawing.fills.push((area(0.0, 100.0), None));
        assert!(
            !drawing.hides(BLACK, (50.0, 50.0)),
            "on an image it may be seen"
        );
    }

    #[test]
    fn thin_shapes_are_rules() {
        let mut drawing = Drawing::default();
        drawing.take_path(
            Rect {
                left: 0.0,
                top: 10.0,
                right: 90.0,
                bottom: 10.5,
            },
            None,
            true,
        );
        drawing.take_path(
            Rect {
                left: 5.0,
                top: 0.0,
                right: 5.4,
                bottom: 40.0,
            },
            Some(BLACK),
            false,
        );
        assert_eq!(
            drawing.rules.iter().filter(|rule| rule.horizontal).count(),
            1
        );
        assert_eq!(drawing.rules.len(), 2);
        assert!(drawing.shapes.is_empty());
    }
}
