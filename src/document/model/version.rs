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

impl Content {
    /// What HTTP calls them (`ETag`): other bytes have another.
    pub fn tag(&self) -> String {
        format!("\"{}\"", self.sha256)
    }
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
    GivenUp,
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

/// The reader left a page out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("page {number} came where page {expected} was expected")]
pub struct PageOutOfOrder {
    pub number: i32,
    pub expected: i32,
}

impl From<StoredPage> for Page {
    fn from(page: StoredPage) -> Self {
        let StoredPage {
            number,
            label,
            size,
            source,
            reason,
            blocks,
            text: _, // that of its blocks
            start: _,
        } = page;
        Self {
            number: number.unsigned_abs(),
            label,
            size,
            source,
            reason,
            blocks,
        }
    }
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
            return Attempt::GivenUp;
        }
        (self.state, self.reason) = (VersionState::Reading, None);
        Attempt::From(next.unsigned_abs())
    }

    /// Places a page behind those that are stored; `None` for one that is stored already.
    ///
    /// # Errors
    /// When a page before it is missing.
    pub fn take(&mut self, page: Page) -> Result<Option<StoredPage>, PageOutOfOrder> {
        let (number, expected) = (page.number.cast_signed(), self.pages_done + 1);
        if number < expected {
            return Ok(None);
        }
        if number > expected {
            return Err(PageOutOfOrder { number, expected });
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
        Ok(Some(StoredPage {
            number,
            label,
            size,
            source,
            reason,
            blocks,
            text,
            start,
        }))
    }

    /// An attempt at reading failed, though another may not; `true` when there is no other.
    pub fn note_failed_attempt(&mut self, why: &str) -> bool {
        let next = self.pages_done + 1;
        if self.stalled_at == Some(next) && self.stalls >= STALLS_MAX {
            self.give_up(why);
            return true;
        }
        self.reason = Some(cut(why));
        false
    }

    /// Several attempts ended at the same page.
    pub fn give_up(&mut self, why: &str) {
        let next = self.pages_done + 1;
        self.fail(&format!(
            "given up at page {next} after {STALLS_MAX} attempts: {why}"
        ));
    }

    /// Nothing of it is stored any more.
    pub fn start_over(&mut self, reader: i32) {
        (self.pages_done, self.characters, self.reader) = (0, 0, reader);
        (self.page_count, self.read_at) = (None, None);
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
        (self.state, self.reason) = (state, Some(cut(reason)));
    }
}

/// A reason as it is stored.
fn cut(reason: &str) -> String {
    let stored = reason.chars().filter(|c| *c != '\0');
    stored.take(REASON_MAX_CHARS).collect()
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
        assert_eq!(version.take(page(1, "あい")).unwrap().unwrap().start, 0);
        assert!(
            version.take(page(1, "あい")).unwrap().is_none(),
            "read again after a crash"
        );
        assert!(version.take(page(3, "x")).is_err(), "out of order");
        let second = version.take(page(2, "う\0")).unwrap().unwrap();
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
        assert!(version.note_failed_attempt("out of memory"));
        assert_eq!(version.state, VersionState::Failed);
        version.state = VersionState::Reading;
        assert_eq!(version.begin_reading(job, false), Attempt::GivenUp);
        version.take(page(1, "x")).unwrap();
        assert!(
            !version.note_failed_attempt("out of memory"),
            "it came further"
        );
        assert_eq!(version.begin_reading(job, false), Attempt::From(2));
        version.fail("poison");
        assert_eq!(version.begin_reading(job, false), Attempt::Nothing);
        assert_eq!(version.begin_reading(job, true), Attempt::From(2));
        version.finish_reading(Timestamp::EPOCH);
        assert_eq!(version.begin_reading(job, true), Attempt::Nothing);
    }
}
