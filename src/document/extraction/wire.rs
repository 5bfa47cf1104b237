//! What the worker and the child that reads say to each other: lines of JSON, each shorter than its limit, some followed by bytes.

use serde::{Deserialize, Serialize};

use super::{
    EngineSettings, ExtractionError, ExtractionSettings, FileMetadata, Page, kind::FileKind,
    layout::Typography,
};

/// The worker's only order to a child.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub kind: FileKind,
    pub engines: EngineSettings,
    pub limits: ExtractionSettings,
    /// The pages to read, from 1, the last one included; the first child reads as many as the file has of them.
    pub pages: PageRange,
    /// What the first child has found out about the whole file; absent for the first child itself.
    pub typography: Option<Typography>,
    /// Pages that broke a child before, and how: they are told of and not touched.
    pub broken: Vec<BrokenPage>,
    /// Whether pages can be read by OCR here.
    pub ocr: bool,
    /// Pixels across the picture that is wanted of the first page, instead of what stands on the pages.
    pub picture: Option<u32>,
}

/// From 1; both ends are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageRange {
    pub first: u32,
    pub last: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BrokenPage {
    pub number: u32,
    pub how: String,
}

/// What the child says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub(super) enum Said {
    /// The file is open; said by the first child.
    Opened {
        pages: Option<u32>,
        metadata: FileMetadata,
        typography: Typography,
    },
    /// It is going to touch this page: whatever happens next happens because of it.
    Touching {
        page: u32,
    },
    Page {
        page: Page,
    },
    /// Asks for what poppler reads on the pages of the order.
    WantPoppler,
    /// Asks for OCR of the image that follows, so many bytes of it.
    WantOcr {
        image_bytes: u64,
        languages: String,
        mode: PageMode,
    },
    /// The picture that was wanted follows, so many bytes of it: its last word.
    Picture {
        bytes: u64,
    },
    Failed {
        error: ExtractionError,
    },
    Done,
}

/// How tesseract takes an image apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PageMode {
    /// Finds columns and paragraphs itself.
    Automatic,
    /// One block of vertical lines.
    Vertical,
}

/// The worker's answer to what was wanted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(super) enum Answer {
    /// So many bytes follow.
    Output {
        bytes: u64,
    },
    Failed {
        why: String,
    },
}
