//! What a model is shown of the documents: whole documents in pieces, or what search found, one piece a passage.

use std::ops::Range;

use super::shown::Shown;
use crate::document::{
    DocumentId, Title, VersionId,
    extraction::{BlockKind, PlacedBlock, SEPARATOR},
};

/// About how long a piece of a whole document is, in characters: long enough to be read in one go, short enough that
/// its label says where something stands.
const PIECE_CHARS: usize = 3_000;

/// A part of a version's text, and whose it is. Offsets count characters of that text.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::document) struct Passage {
    pub document: DocumentId,
    pub version: VersionId,
    pub title: Title,
    /// Headings above it, outermost first.
    pub section: Vec<String>,
    /// First and last page.
    pub pages: (u32, u32),
    pub start: usize,
    pub text: String,
}

impl Passage {
    pub fn shown(&self) -> Shown<'_> {
        Shown {
            title: self.title.as_str(),
            section: &self.section,
            pages: self.pages,
            text: &self.text,
        }
    }

    /// The part of the version's text that `range` of this passage is.
    pub fn in_version(&self, range: &Range<u32>) -> Range<usize> {
        self.start + range.start as usize..self.start + range.end as usize
    }
}

/// Cuts the text of a version into passages between its blocks, and before its headings.
pub(in crate::document) fn pieces(
    (document, version, title): (DocumentId, VersionId, &Title),
    blocks: &[PlacedBlock<'_>],
) -> Vec<Passage> {
    let mut pieces: Vec<Passage> = Vec::new();
    let mut section: Vec<(u8, String)> = Vec::new();
    let mut is_open = false;
    for placed in blocks {
        let length = placed.end - placed.start;
        if let BlockKind::Heading { level } = placed.block.kind {
            section.retain(|(above, _)| *above < level);
            section.push((level, placed.block.text.clone()));
            is_open = false;
        }
        let room = |piece: &Passage| placed.end - piece.start <= PIECE_CHARS;
        match pieces.last_mut().filter(|piece| is_open && room(piece)) {
            Some(piece) => {
                piece.text.push_str(SEPARATOR);
                piece.text.push_str(&placed.block.text);
                piece.pages.1 = placed.page;
            }
            None => pieces.push(Passage {
                document,
                version,
                title: title.clone(),
                section: section.iter().map(|(_, heading)| heading.clone()).collect(),
                pages: (placed.page, placed.page),
                start: placed.start,
                text: placed.block.text.clone(),
            }),
        }
        is_open = length < PIECE_CHARS;
    }
    pieces
}
