//! Sentences as they are told: each with the document's own words, and where these stand on the page.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Checked, Checker, Doubt, Passage};
use crate::document::{
    DocumentId, VersionId,
    extraction::{PlacedBlock, Rect},
    model::StoredPage,
};

/// A part of a page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageBox {
    pub page: u32,
    pub bounds: Rect,
}

/// Words of a document that prove a sentence: found there by code, letter for letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    pub document: DocumentId,
    pub version: VersionId,
    /// The document's when it was cited.
    pub title: String,
    /// As they stand in the version's text, from `start` up to, without, `end`, in characters.
    pub quote: String,
    pub start: usize,
    pub end: usize,
    /// First and last page of the words.
    pub pages: (u32, u32),
    /// Where they stand; empty where the format has no layout.
    pub boxes: Vec<PageBox>,
}

/// One sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// What it stands under: a heading, a term, a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub text: String,
    /// Never empty, but where there is a doubt.
    pub citations: Vec<Citation>,
    /// Why it is not proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<StoredDoubt>,
}

/// A [`Doubt`] by its name and in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDoubt {
    pub code: String,
    pub message: String,
}

impl From<&Doubt> for StoredDoubt {
    fn from(doubt: &Doubt) -> Self {
        Self {
            code: doubt.name().to_owned(),
            message: doubt.to_string(),
        }
    }
}

impl Sentence {
    /// What was checked, with its words but without their places: [`Citation::place`] finds these.
    pub(in crate::document) fn of(claim: Checked, checker: &Checker, passages: &[Passage]) -> Self {
        let citations = claim.proofs.iter().map(|proof| {
            let passage = &passages[proof.passage];
            let range = passage.in_version(&proof.range);
            Citation {
                document: passage.document,
                version: passage.version,
                title: passage.title.to_string(),
                quote: checker.words(proof),
                start: range.start,
                end: range.end,
                pages: passage.pages,
                boxes: Vec::new(),
            }
        });
        Self {
            citations: citations.collect(),
            doubt: claim.doubt.as_ref().map(StoredDoubt::from),
            title: claim.title,
            text: claim.text,
        }
    }
}

impl Citation {
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Finds its words on the pages of its version that may hold them.
    pub(in crate::document) fn place(&mut self, pages: &[StoredPage]) {
        let range = self.range();
        let on_pages: Vec<(u32, Vec<PageBox>)> = pages
            .iter()
            .filter(|page| holds(page, &range))
            .map(|page| (page.number.unsigned_abs(), boxes(page, &range)))
            .collect();
        if let (Some((first, _)), Some((last, _))) = (on_pages.first(), on_pages.last()) {
            self.pages = (*first, *last);
        }
        self.boxes = on_pages.into_iter().flat_map(|(_, boxes)| boxes).collect();
    }
}

fn holds(page: &StoredPage, range: &Range<usize>) -> bool {
    let start = usize::try_from(page.start).unwrap_or(usize::MAX);
    let end = start.saturating_add(page.text.chars().count());
    start < range.end && range.start < end
}

/// The lines of a page, or where there are none its blocks, that `range` of the version's text runs over.
fn boxes(page: &StoredPage, range: &Range<usize>) -> Vec<PageBox> {
    let blocks = page.placed();
    let number = page.number.unsigned_abs();
    let places = blocks.iter().flat_map(|placed| bounds(placed, range));
    places
        .map(|bounds| PageBox {
            page: number,
            bounds: on_page(page, &bounds),
        })
        .collect()
}

/// What is to be seen of `bounds`: letters may stand out over the edge of their page.
fn on_page(page: &StoredPage, bounds: &Rect) -> Rect {
    page.size.map_or(*bounds, |size| {
        bounds.intersection(&Rect {
            left: 0.0,
            top: 0.0,
            right: size.width,
            bottom: size.height,
        })
    })
}

fn bounds(placed: &PlacedBlock<'_>, range: &Range<usize>) -> Vec<Rect> {
    if placed.start >= range.end || range.start >= placed.end {
        return Vec::new();
    }
    let lines = placed.block.lines.iter().filter(|line| {
        let (start, end) = (
            placed.start + line.start as usize,
            placed.start + line.end as usize,
        );
        start < range.end && range.start < end
    });
    let lines: Vec<Rect> = lines.map(|line| line.bounds).collect();
    if lines.is_empty() {
        placed.block.bounds.into_iter().collect()
    } else {
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::extraction::{Block, BlockKind, Line, PageSize, TextSource},
        kernel::Id,
    };

    fn rect(top: f32) -> Rect {
        Rect {
            left: 10.0,
            top,
            right: 200.0,
            bottom: top + 12.0,
        }
    }

    fn page(number: i32, start: i64, text: &str, lines: Vec<Line>) -> StoredPage {
        let block = Block {
            kind: BlockKind::Paragraph,
            text: text.to_owned(),
            bounds: Some(rect(0.0)),
            lines,
            hidden: false,
        };
        StoredPage {
            number,
            label: None,
            size: None,
            source: TextSource::Pdfium,
            reason: String::new(),
            blocks: vec![block],
            text: text.to_owned(),
            start,
        }
    }

    fn citation(range: Range<usize>) -> Citation {
        Citation {
            document: Id::from_name("d"),
            version: Id::from_name("v"),
            title: String::new(),
            quote: String::new(),
            start: range.start,
            end: range.end,
            pages: (1, 9),
            boxes: Vec::new(),
        }
    }

    #[test]
    fn words_are_placed_on_the_lines_that_they_run_over() {
        let lines = (0..3).map(|line| Line {
            start: line * 10,
            end: line * 10 + 10,
            bounds: rect(20.0),
        });
        let pages = [
            page(4, 100, &"x".repeat(30), lines.collect()),
            page(5, 132, "short", Vec::new()),
        ];
        let mut words = citation(105..112);
        words.place(&pages);
        assert_eq!((words.pages, words.boxes.len()), ((4, 4), 2));
        let mut words = citation(125..135);
        words.place(&pages);
        let on: Vec<_> = words
            .boxes
            .iter()
            .map(|place| (place.page, place.bounds))
            .collect();
        assert_eq!(
            (words.pages, on),
            ((4, 5), vec![(4, rect(20.0)), (5, rect(0.0))])
        );
    }

    #[test]
    fn a_box_ends_where_its_page_does() {
        let mut narrow = page(1, 0, "runs over the edge", Vec::new());
        narrow.size = Some(PageSize {
            width: 150.0,
            height: 8.0,
        });
        let mut words = citation(0..10);
        words.place(&[narrow]);
        let bounds = words.boxes[0].bounds;
        assert_eq!(
            (bounds.left, bounds.right, bounds.bottom),
            (10.0, 150.0, 8.0)
        );
    }
}
