//! What reading a file gives: pages of blocks, each with its text, its place on the page and how it was read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A rectangle on a page, in points (1/72 inch) from the page's top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Rect {
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub fn area(&self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    pub fn middle(&self) -> (f32, f32) {
        (
            f32::midpoint(self.left, self.right),
            f32::midpoint(self.top, self.bottom),
        )
    }

    pub fn contains(&self, x: f32, y: f32) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// What both cover; of no or negative size where they do not meet.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }
}

/// A page's size in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageSize {
    pub width: f32,
    pub height: f32,
}

/// One page. What has no pages is cut where its format is: a slide, a sheet, a chapter; else it is one page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// From 1, in the order of the file.
    pub number: u32,
    /// What the document itself calls it: a printed page number, the name of a sheet.
    pub label: Option<String>,
    /// Absent where the format has no layout.
    pub size: Option<PageSize>,
    pub source: TextSource,
    /// Why this source was taken, in words for a person: what the quality gate found.
    pub reason: String,
    /// In reading order.
    pub blocks: Vec<Block>,
}

/// Whose reading of a page was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextSource {
    /// The format holds text as such: Office files, HTML, Markdown, plain text.
    Native,
    Pdfium,
    Poppler,
    Ocr,
    /// The page was looked at by every engine, and holds nothing to read.
    Blank,
    /// The page shows something that no engine could read. Its reason says so: never silently empty.
    Unreadable,
}

impl TextSource {
    pub const ALL: [Self; 6] = [
        Self::Native,
        Self::Pdfium,
        Self::Poppler,
        Self::Ocr,
        Self::Blank,
        Self::Unreadable,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Pdfium => "pdfium",
            Self::Poppler => "poppler",
            Self::Ocr => "ocr",
            Self::Blank => "blank",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for TextSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no source of text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no source of a page's text")]
pub struct UnknownTextSource(pub String);

impl std::str::FromStr for TextSource {
    type Err = UnknownTextSource;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|source| source.as_str() == word);
        found.ok_or_else(|| UnknownTextSource(word.to_owned()))
    }
}

/// A piece of a page that is read as one: a paragraph, a heading, a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// Words broken at a line's end are joined. Of a table: its cells with tabs, its rows with line feeds between.
    pub text: String,
    /// Absent where the format has no layout.
    pub bounds: Option<Rect>,
    /// Where the parts of `text` stand on the page, in order; empty where the format has no layout.
    pub lines: Vec<Line>,
    /// Nobody who looks at the page sees it (white, invisible, tiny, off the page): shown to the user as such, and
    /// neither indexed nor given to a model.
    pub hidden: bool,
}

/// A line of a block on the page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its part of the block's text, in characters (Unicode scalar values): from `start` up to, without, `end`.
    pub start: u32,
    pub end: u32,
    pub bounds: Rect,
}

/// What a block is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BlockKind {
    /// Level 1 is the outermost.
    Heading {
        level: u8,
    },
    Paragraph,
    ListItem,
    Table {
        rows: Vec<Vec<String>>,
    },
    Figure,
    Caption,
    Footnote,
    Formula,
    Code,
    /// An entry of the list of references.
    Reference,
    /// Repeats on top of pages; not part of the text that is indexed.
    PageHeader,
    /// Repeats below pages; not part of the text that is indexed.
    PageFooter,
}

/// What the file says of itself, or its first page shows. Each is a guess that people correct.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMetadata {
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub year: Option<i32>,
    pub doi: Option<String>,
    /// BCP 47, of most of the text: `ja`, `en`.
    pub language: Option<String>,
}
