//! From the coordinates of a PDF, which grow upwards and may be turned, to those of the page that a reader sees.

use crate::document::extraction::{PageSize, Rect};

/// How a page's own coordinates become points from the top left corner of the page as it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The visible part, in the page's own coordinates.
    left: f32,
    bottom: f32,
    width: f32,
    height: f32,
    /// Quarter turns clockwise.
    turns: u8,
}

impl Frame {
    pub const fn new(left: f32, bottom: f32, width: f32, height: f32, turns: u8) -> Self {
        Self {
            left,
            bottom,
            width,
            height,
            turns: turns % 4,
        }
    }

    /// As the page is shown.
    pub const fn size(&self) -> PageSize {
        let (width, height) = match self.turns {
            1 | 3 => (self.height, self.width),
            _ => (self.width, self.height),
        };
        PageSize { width, height }
    }

    pub const fn turns(&self) -> u8 {
        self.turns
    }

    pub fn point(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x - self.left, y - self.bottom);
        match self.turns {
            0 => (x, self.height - y),
            1 => (y, x),
            2 => (self.width - x, y),
            _ => (self.height - y, self.width - x),
        }
    }

    /// The rectangle between two opposite corners.
    pub fn rect(&self, one: (f32, f32), other: (f32, f32)) -> Rect {
        let (one, other) = (self.point(one.0, one.1), self.point(other.0, other.1));
        Rect {
            left: one.0.min(other.0),
            top: one.1.min(other.1),
            right: one.0.max(other.0),
            bottom: one.1.max(other.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_page_is_seen_upright() {
        // Its own lower left corner, after a quarter turn clockwise, is the upper left one.
        let turned = Frame::new(10.0, 20.0, 100.0, 200.0, 1);
        assert_eq!(
            turned.size(),
            PageSize {
                width: 200.0,
                height: 100.0
            }
        );
        assert_eq!(turned.point(10.0, 20.0), (0.0, 0.0));
        assert_eq!(turned.point(110.0, 20.0), (0.0, 100.0));
        let upright = Frame::new(10.0, 20.0, 100.0, 200.0, 0);
        assert_eq!(upright.point(10.0, 220.0), (0.0, 0.0));
        let upside_down = Frame::new(0.0, 0.0, 100.0, 200.0, 2);
        assert_eq!(upside_down.point(0.0, 0.0), (100.0, 0.0));
        let counterclockwise = Frame::new(0.0, 0.0, 100.0, 200.0, 3);
        assert_eq!(counterclockwise.point(0.0, 0.0), (200.0, 100.0));
    }
}
