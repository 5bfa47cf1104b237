//! Where a part of a document's text stands: on which page, in which boxes.

use std::ops::Range;

use super::{
    model::{Line, Page, Rect},
    text::{placed_blocks, text_of},
};

/// The text of a version's pages, with the place of each of its blocks. Offsets are in characters.
pub struct VersionText {
    text: String,
    places: Vec<Place>,
}

struct Place {
    page: u32,
    start: usize,
    end: usize,
    bounds: Option<Rect>,
    lines: Vec<Line>,
}

impl VersionText {
    pub fn from_pages(pages: &[Page]) -> Self {
        let places = placed_blocks(pages).into_iter().map(|placed| Place {
            page: placed.page,
            start: placed.start,
            end: placed.end,
            bounds: placed.block.bounds,
            lines: placed.block.lines.clone(),
        });
        Self {
            places: places.collect(),
            text: text_of(pages),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part of the text between two offsets; nothing where there is none.
    pub fn part(&self, range: Range<usize>) -> &str {
        let start = byte_of(&self.text, range.start);
        let rest = &self.text[start..];
        &rest[..byte_of(rest, range.len())]
    }

    /// The page on which the character at `offset` stands; between two pages, the one before.
    pub fn page_of(&self, offset: usize) -> Option<u32> {
        let after = self.places.partition_point(|place| place.start <= offset);
        let place = self.places.get(after.saturating_sub(1))?;
        Some(place.page)
    }

    /// The boxes around a part of the text, line by line, each with its page. Where a page has no layout there are none.
    pub fn boxes(&self, range: Range<usize>) -> Vec<(u32, Rect)> {
        let first = self
            .places
            .partition_point(|place| place.end <= range.start);
        let touched = self.places[first..]
            .iter()
            .take_while(|place| place.start < range.end);
        touched
            .flat_map(|place| {
                let boxes = place.boxes(&range).into_iter();
                boxes.map(move |bounds| (place.page, bounds))
            })
            .collect()
    }
}

impl Place {
    fn boxes(&self, range: &Range<usize>) -> Vec<Rect> {
        let lines = self.lines.iter().filter_map(|line| {
            let start = self.start + line.start as usize;
            let end = self.start + line.end as usize;
            let part = range.start.max(start)..range.end.min(end);
            (part.start < part.end).then(|| {
                cut(
                    line.bounds,
                    part.start - start..part.end - start,
                    end - start,
                )
            })
        });
        let lines: Vec<Rect> = lines.collect();
        if lines.is_empty() {
            self.bounds.into_iter().collect()
        } else {
            lines
        }
    }
}

/// A part of a line's box, as if all of its characters were equally wide; along the longer side, as some text stands.
fn cut(bounds: Rect, part: Range<usize>, characters: usize) -> Rect {
    #[expect(clippy::cast_precision_loss, reason = "a line has few characters")]
    let share = |count: usize| count as f32 / characters.max(1) as f32;
    let (width, height) = (bounds.right - bounds.left, bounds.bottom - bounds.top);
    if width >= height {
        Rect {
            left: bounds.left + width * share(part.start),
            right: bounds.left + width * share(part.end),
            ..bounds
        }
    } else {
        Rect {
            top: bounds.top + height * share(part.start),
            bottom: bounds.top + height * share(part.end),
            ..bounds
        }
    }
}

fn byte_of(text: &str, characters: usize) -> usize {
    let at = text.char_indices().nth(characters);
    at.map_or(text.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::extraction::{Block, BlockKind, TextSource};

    fn line(start: u32, end: u32, top: f32) -> Line {
        Line {
            start,
            end,
            bounds: Rect {
                left: 100.0,
                top,
                right: 200.0,
                bottom: top + 10.0,
            },
        }
    }

    fn page(number: u32, text: &str, lines: Vec<Line>) -> Page {
        let bounds = lines.first().map(|line| line.bounds);
        Page {
            number,
            label: None,
            size: None,
            source: TextSource::Native,
            reason: String::new(),
            blocks: vec![Block {
                kind: BlockKind::Paragraph,
                text: text.to_owned(),
                bounds,
                lines,
                hidden: false,
            }],
        }
    }

    fn version() -> VersionText {
        VersionText::from_pages(&[
            page(1, "日本語の文章", vec![line(0, 4, 10.0), line(4, 6, 30.0)]),
            page(2, "the second", Vec::new()),
        ])
    }

    #[test]
    fn a_quote_has_its_boxes_line_by_line() {
        let boxes = version().boxes(2..5);
        let edges: Vec<(u32, f32, f32, f32)> = boxes
            .iter()
            .map(|(page, it)| (*page, it.left, it.right, it.top))
            .collect();
        assert_eq!(edges, [(1, 150.0, 200.0, 10.0), (1, 100.0, 150.0, 30.0)]);
    }

    #[test]
    fn what_has_no_layout_has_no_boxes() {
        assert_eq!(version().boxes(8..11), []);
        assert_eq!(version().boxes(50..60), []);
    }

    #[test]
    fn every_offset_is_on_a_page() {
        let version = version();
        let pages: Vec<Option<u32>> = [0, 5, 6, 7, 8, 99].map(|at| version.page_of(at)).into();
        assert_eq!(
            pages,
            [Some(1), Some(1), Some(1), Some(1), Some(2), Some(2)]
        );
        assert_eq!(VersionText::from_pages(&[]).page_of(0), None);
        assert_eq!(version.part(3..10), "の文章\n\nth");
        assert_eq!(version.part(90..100), "");
    }
}
