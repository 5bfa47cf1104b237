//! A text as units that a chunk holds whole: blocks, or parts of a block that is larger than a chunk.

use super::splitting::{Split, pieces};
use crate::document::extraction::{BlockKind, Page, placed_blocks};

/// A part of the text, in characters.
#[derive(Clone, Debug)]
pub struct Unit {
    pub start: usize,
    pub end: usize,
    pub page: u32,
    pub kind: UnitKind,
    /// The section it stands in, an index of [`Outline::sections`].
    pub section: usize,
    /// The header row of the table that it is a later part of.
    pub header: Option<String>,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    Heading { level: u8 },
    Text,
    Table,
    Code,
    Reference,
}

/// The units of a text, and the sections that they stand in.
pub struct Outline {
    pub units: Vec<Unit>,
    /// The headings above and of each section, the outermost first; the first is the text before any heading.
    pub sections: Vec<Vec<String>>,
}

impl Outline {
    /// Units of up to `characters`.
    pub fn of(pages: &[Page], characters: usize) -> Self {
        let mut outline = Self {
            units: Vec::new(),
            sections: vec![Vec::new()],
        };
        let mut open: Vec<(u8, String)> = Vec::new();
        for placed in placed_blocks(pages) {
            let kind = UnitKind::of(&placed.block.kind);
            if let UnitKind::Heading { level } = kind {
                open.retain(|(above, _)| *above < level);
                open.push((level, one_line(&placed.block.text)));
                let path = open.iter().map(|(_, heading)| heading.clone());
                outline.sections.push(path.collect());
            }
            let whole = Unit {
                start: placed.start,
                end: placed.end,
                page: placed.page,
                kind,
                section: outline.sections.len() - 1,
                header: None,
                text: placed.block.text.clone(),
            };
            if !whole.text.is_empty() {
                outline.units.extend(whole.cut(characters));
            }
        }
        outline
    }
}

impl UnitKind {
    fn of(kind: &BlockKind) -> Self {
        match kind {
            BlockKind::Heading { level } => Self::Heading { level: *level },
            BlockKind::Table { .. } => Self::Table,
            BlockKind::Code => Self::Code,
            BlockKind::Reference => Self::Reference,
            BlockKind::Paragraph
            | BlockKind::ListItem
            | BlockKind::Figure
            | BlockKind::Caption
            | BlockKind::Footnote
            | BlockKind::Formula
            | BlockKind::PageHeader
            | BlockKind::PageFooter => Self::Text,
        }
    }

    fn split(self) -> Split {
        match self {
            Self::Table | Self::Code => Split::Lines,
            Self::Heading { .. } | Self::Text | Self::Reference => Split::Sentences,
        }
    }
}

impl Unit {
    pub fn characters(&self) -> usize {
        self.end - self.start
    }

    /// The unit, or its parts where it has more than `characters`.
    pub fn cut(self, characters: usize) -> Vec<Self> {
        if self.characters() <= characters {
            return vec![self];
        }
        let table_header = match self.kind {
            UnitKind::Table => self.text.lines().next().map(str::to_owned),
            _ => None,
        };
        let parts = pieces(&self.text, characters, self.kind.split());
        let mut start = self.start;
        let mut cut = Vec::new();
        for (at, piece) in parts.into_iter().enumerate() {
            let end = start + piece.chars().count();
            let header = if at == 0 { &self.header } else { &table_header };
            cut.push(Self {
                start,
                end,
                header: header.clone().or_else(|| self.header.clone()),
                text: piece.to_owned(),
                ..self
            });
            start = end;
        }
        cut
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
