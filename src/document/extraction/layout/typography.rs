//! What letters of which size mean in a file: that of its body, and those of its headings.

use serde::{Deserialize, Serialize};

use super::Piece;

/// Sizes are told apart in steps of half a point.
const STEPS_PER_POINT: f32 = 2.0;
/// Larger than the body by this much is a heading's size.
const HEADING_RATIO: f32 = 1.12;
/// Headings deeper than this look alike.
const DEEPEST_LEVEL: u8 = 6;
const USUAL_SIZE: f32 = 10.0;

/// The same for every page of a file, so that a heading's level does not depend on who read its page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typography {
    pub body: f32,
    /// From the largest, in steps: the size of a level's headings.
    pub headings: Vec<f32>,
}

impl Default for Typography {
    fn default() -> Self {
        Self {
            body: USUAL_SIZE,
            headings: Vec::new(),
        }
    }
}

/// How many characters of which size some of a file's pages have.
#[derive(Default)]
pub struct TypographySample {
    sizes: std::collections::BTreeMap<u32, usize>,
}

impl TypographySample {
    pub fn add(&mut self, pieces: &[Piece]) {
        for piece in pieces
            .iter()
            .filter(|piece| piece.concealment.is_none() && !piece.turned)
        {
            *self.sizes.entry(step(piece.size)).or_default() += piece.chars();
        }
    }

    pub fn typography(&self) -> Typography {
        let body = self.sizes.iter().max_by_key(|(_, chars)| **chars);
        let Some((body, _)) = body else {
            return Typography::default();
        };
        let body = points(*body);
        let larger = self.sizes.keys().rev().map(|step| points(*step));
        let headings = larger.filter(|size| *size > body * HEADING_RATIO);
        Typography {
            body,
            headings: headings.take(usize::from(DEEPEST_LEVEL)).collect(),
        }
    }
}

impl Typography {
    /// The level of a heading of this size; `None`: no larger than the body.
    pub fn level(&self, size: f32) -> Option<u8> {
        if size <= self.body * HEADING_RATIO {
            return None;
        }
        let nearest = self
            .headings
            .iter()
            .position(|heading| size >= heading - 0.3);
        let level = nearest.map_or(self.headings.len(), |index| index + 1);
        Some(u8::try_from(level.max(1)).map_or(DEEPEST_LEVEL, |level| level.min(DEEPEST_LEVEL)))
    }
}

impl Typography {
    /// The level of a heading in letters of the body's size, by the depth of its number.
    pub(super) fn plain_level(&self, depth: u8) -> u8 {
        let above = u8::try_from(self.headings.len()).unwrap_or(DEEPEST_LEVEL);
        above.saturating_add(depth.max(1)).min(DEEPEST_LEVEL)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size in points is small and not negative"
)]
fn step(size: f32) -> u32 {
    (size.clamp(0.0, 1000.0) * STEPS_PER_POINT).round() as u32
}

#[expect(clippy::cast_precision_loss, reason = "at most 2000")]
fn points(step: u32) -> f32 {
    step as f32 / STEPS_PER_POINT
}
