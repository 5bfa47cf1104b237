//! Versions of a document: the bytes of a file that never change, and how far reading them has come.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DocumentId, FileName, limits::REASON_MAX_CHARS};
use crate::{
    document::{
        DocumentError,
        extraction::{
            Block, FileKind, FileMetadata, Page, PageSize, PlacedBlock, SEPARATOR_CHARS,
            TextSource, placed,
        },
    },
    kernel::{Id, ProjectId, Timestamp},
    platform::jobs::JobId,
};

/// Marker of [`VersionId`].
pub enum VersionMarker {}
pub type VersionId = Id<VersionMarker>;

/// Attempts in a row that may begin at the same page: with one more, the version has failed there.
pub const STALLS_MAX: i32 = 3;

/// 1, 2, 3 and so on within a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(i32);

impl VersionNumber {
    pub const FIRST: Self = Self(1);

    /// # Errors
    /// `document_invalid` unless 1 or more.
    pub fn parse(number: i32) -> Result<Self, DocumentError> {
        if number >= 1 {
            return Ok(Self(number));
        }
        let why = format!("is {number}; versions start at 1");
        Err(DocumentError::invalid("version", why))
    }

    pub(in crate::document) const fn stored(number: i32) -> Self {
        Self(number)
    }

    pub const fn get(self) -> i32 {
        self.0
    }

    #[must_use]
    pub(in crate::document) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How far a version has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DocumentVersionState)]
pub enum VersionState {
    /// Waits to be read.
    Uploaded,
    /// Its pages are being read.
    Reading,
    /// Every page is stored; waits to be indexed, or is being.
    Read,
    /// Can be searched.
    Indexed,
    /// `reason` says why; the file is kept.
    Failed,
    Cancelled,
}

impl VersionState {
    pub const ALL: [Self; 6] = [
        Self::Uploaded,
        Self::Reading,
        Self::Read,
        Self::Indexed,
        Self::Failed,
        Self::Cancelled,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Reading => "reading",
            Self::Read => "read",
            Self::Indexed => "indexed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens to the version unless somebody asks.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Indexed | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for VersionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no state.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no state of a document's version")]
pub struct UnknownVersionState(pub String);

impl std::str::FromStr for VersionState {
    type Err = UnknownVersionState;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| UnknownVersionState(name.to_owned()))
    }
}

/// The bytes of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// In hexadecimal.
    pub sha256: String,
    pub bytes: i64,
    pub kind: FileKind,
    /// Where they lie in the object store; versions of one project with the same bytes share it.
    pub object_key: String,
}

/// One version.
#[derive(Clone, Debug)]
pub struct DocumentVersion {
    pub id: VersionId,
    pub document: DocumentId,
    pub project: ProjectId,
    pub number: VersionNumber,
    pub file_name: FileName,
    pub content: Content,
    pub state: VersionState,
    /// Why it failed or was cancelled, or what is left out of what was read.
    pub reason: Option<String>,
    /// Known once the file is opened.
    pub page_count: Option<i32>,
    /// Pages that are stored.
    pub pages_done: i32,
    /// Characters of the text of the pages that are stored.
    pub characters: i64,
    /// What the file says of itself.
    pub metadata: FileMetadata,
    /// The revision of the reader that reads it.
    pub reader: i32,
    /// Attempts in a row that began at page `stalled_at`.
    pub stalls: i32,
    pub stalled_at: Option<i32>,
    /// The latest that was to do something with it.
    pub job: Option<JobId>,
    pub uploaded_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub read_at: Option<Timestamp>,
    pub indexed_at: Option<Timestamp>,
}

/// What an attempt at reading is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Read from this page on.
    From(u32),
    /// Nothing: it is read, or somebody cancelled it.
    Nothing,
    /// Nothing any more: several attempts ended at this page.
    GivenUp(u32),
}

/// A page as it is stored: what was read, and where its text begins in the version's.
#[derive(Clone, Debug)]
pub struct StoredPage {
    pub number: i32,
    pub label: Option<String>,
    pub size: Option<PageSize>,
    pub source: TextSource,
    pub reason: String,
    pub blocks: Vec<Block>,
    pub text: String,
    pub start: i64,
}

impl StoredPage {
    /// Its blocks, at their places in the version's text.
    pub fn placed(&self) -> Vec<PlacedBlock<'_>> {
        let start = usize::try_from(self.start).unwrap_or_default();
        placed(self.number.unsigned_abs(), &self.blocks, start).collect()
    }
}

impl DocumentVersion {
    /// An attempt at reading begins: the first of its job, or one after others.
    pub fn begin_reading(&mut self, job: JobId, is_first: bool) -> Attempt {
        let may_begin = self.job == Some(job)
            && match self.state {
                VersionState::Uploaded | VersionState::Reading => true,
                // Its job was started again.
                VersionState::Failed | VersionState::Cancelled => is_first,
                VersionState::Read | VersionState::Indexed => false,
            };
        if !may_begin {
            return Attempt::Nothing;
        }
        let next = self.pages_done + 1;
        if is_first || self.stalled_at != Some(next) {
            (self.stalls, self.stalled_at) = (0, Some(next));
        }
        self.stalls += 1;
        if self.stalls > STALLS_MAX {
            return Attempt::GivenUp(next.unsigned_abs());
        }
        (self.state, self.reason) = (VersionState::Reading, None);
        Attempt::From(next.unsigned_abs())
    }

    /// Places a page behind those that are stored; `None` for one that is stored already.
    pub fn take(&mut self, page: Page) -> Option<StoredPage> {
        let number = i32::try_from(page.number).ok()?;
        if number != self.pages_done + 1 {
            return None;
        }
        let between = if self.pages_done == 0 {
            0
        } else {
            SEPARATOR_CHARS
        };
        let page = page.storable();
        let text = page.text();
        let start = self.characters.saturating_add(count(between));
        self.characters = start.saturating_add(count(text.chars().count()));
        self.pages_done = number;
        let Page {
            number: _,
            label,
            size,
            source,
            reason,
            blocks,
        } = page;
        Some(StoredPage {
            number,
            label,
            size,
            source,
            reason,
            blocks,
            text,
            start,
        })
    }

    /// Every page is stored.
    pub fn finish_reading(&mut self, now: Timestamp) {
        self.state = VersionState::Read;
        self.page_count = Some(self.pages_done);
        self.read_at = Some(now);
    }

    pub fn fail(&mut self, reason: &str) {
        self.end(VersionState::Failed, reason);
    }

    pub fn cancel(&mut self, reason: &str) {
        self.end(VersionState::Cancelled, reason);
    }

    fn end(&mut self, state: VersionState, reason: &str) {
        let stored = reason.chars().filter(|c| *c != '\0');
        self.reason = Some(stored.take(REASON_MAX_CHARS).collect());
        self.state = state;
    }
}

fn count(characters: usize) -> i64 {
    i64::try_from(characters).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::extraction::BlockKind;

    fn version() -> DocumentVersion {
        DocumentVersion {
            id: Id::from_name("v"),
            document: Id::from_name("d"),
            project: ProjectId::from_name("p"),
            number: VersionNumber::FIRST,
            file_name: FileName::of("a.pdf"),
            content: Content {
                sha256: String::new(),
                bytes: 1,
                kind: FileKind::Pdf,
                object_key: String::new(),
            },
            state: VersionState::Uploaded,
            reason: None,
            page_count: None,
            pages_done: 0,
            characters: 0,
            metadata: FileMetadata::default(),
            reader: 1,
            stalls: 0,
            stalled_at: None,
            job: None,
            uploaded_by: "me".to_owned(),
            created_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
            read_at: None,
            indexed_at: None,
        }
    }

    fn page(number: u32, text: &str) -> Page {
        Page {
            number,
            label: None,
            size: None,
            source: TextSource::Native,
            reason: String::new(),
            blocks: vec![Block {
                kind: BlockKind::Paragraph,
                text: text.to_owned(),
                bounds: None,
                lines: Vec::new(),
                hidden: false,
            }],
        }
    }

    #[test]
    fn pages_are_taken_in_order_once_and_know_where_they_begin() {
        let mut version = version();
        assert_eq!(version.take(page(1, "あい")).unwrap().start, 0);
        assert!(
            version.take(page(1, "あい")).is_none(),
            "read again after a crash"
        );
        assert!(version.take(page(3, "x")).is_none(), "out of order");
        let second = version.take(page(2, "う\0")).unwrap();
        assert_eq!((second.start, second.text.as_str()), (4, "う\u{fffd}"));
        assert_eq!((version.pages_done, version.characters), (2, 6));
    }

    #[test]
    fn attempts_that_come_no_further_are_given_up_and_those_that_do_are_not() {
        let (mut version, job) = (version(), Id::from_name("j"));
        assert_eq!(
            version.begin_reading(job, true),
            Attempt::Nothing,
            "not its job"
        );
        version.job = Some(job);
        for attempt in 0..STALLS_MAX {
            let begun = version.begin_reading(job, attempt == 0);
            assert_eq!(begun, Attempt::From(1));
        }
        assert_eq!(version.begin_reading(job, false), Attempt::GivenUp(1));
        version.take(page(1, "x"));
        assert_eq!(version.begin_reading(job, false), Attempt::From(2));
        version.fail("poison");
        assert_eq!(version.begin_reading(job, false), Attempt::Nothing);
        assert_eq!(version.begin_reading(job, true), Attempt::From(2));
        version.finish_reading(Timestamp::EPOCH);
        assert_eq!(version.begin_reading(job, true), Attempt::Nothing);
    }
}
