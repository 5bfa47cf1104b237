//! What we answer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    document::{
        Added, Document, DocumentDetails, DocumentVersion, Field, PageSummary, Reading, StoredPage,
        VersionDetails, VersionState, Year,
        extraction::{Block, PageSize},
    },
    kernel::Cursor,
};

/// A document and its latest version.
#[derive(Serialize, ToSchema)]
pub struct DocumentBody {
    id: String,
    title: String,
    authors: Vec<String>,
    year: Option<i32>,
    doi: Option<String>,
    /// A tag of BCP 47.
    language: Option<String>,
    /// The fields above that people set; the others are as the file says.
    edited: Vec<Field>,
    /// Empty at the root.
    folder: String,
    tags: Vec<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// The latest.
    version: DocumentVersionBody,
}

impl DocumentBody {
    pub fn of(document: Document, version: DocumentVersion) -> Self {
        let Document {
            id,
            project: _, // the caller's own
            title,
            authors,
            year,
            doi,
            language,
            edited,
            folder,
            tags,
            latest: _, // the version's number
            created_by,
            created_at,
            updated_at,
        } = document;
        Self {
            id: id.to_string(),
            title: title.to_string(),
            authors: authors.as_slice().to_vec(),
            year: year.map(Year::get),
            doi: doi.map(|doi| doi.as_str().to_owned()),
            language: language.map(|tag| tag.as_str().to_owned()),
            edited: edited.iter().collect(),
            folder: folder.as_str().to_owned(),
            tags: tags.as_slice().to_vec(),
            created_by,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            version: version.into(),
        }
    }
}

impl From<DocumentDetails> for DocumentBody {
    fn from(details: DocumentDetails) -> Self {
        Self::of(details.document, details.version)
    }
}

/// The bytes of a file, and how far reading them has come.
#[derive(Serialize, ToSchema)]
pub struct DocumentVersionBody {
    id: String,
    number: i32,
    file_name: String,
    /// Of the bytes, in hexadecimal.
    sha256: String,
    bytes: i64,
    /// `pdf`, `docx`, `png` and so on, told by the content.
    kind: String,
    media_type: String,
    state: VersionState,
    /// Why it failed or was cancelled, or what could not be read of it.
    reason: Option<String>,
    /// Null until the file is opened.
    pages: Option<i32>,
    /// Pages that are read and stored.
    pages_done: i32,
    /// Of the text of these pages.
    characters: i64,
    /// The job that reads or indexes it, or did last.
    job_id: Option<String>,
    uploaded_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
    indexed_at: Option<DateTime<Utc>>,
}

impl From<DocumentVersion> for DocumentVersionBody {
    fn from(version: DocumentVersion) -> Self {
        let DocumentVersion {
            id,
            document: _,
            project: _,
            number,
            file_name,
            content,
            state,
            reason,
            page_count,
            pages_done,
            characters,
            metadata: _, // in the document, but for what people set
            reader: _,
            stalls: _,
            stalled_at: _,
            job,
            uploaded_by,
            created_at,
            updated_at,
            read_at,
            indexed_at,
        } = version;
        Self {
            id: id.to_string(),
            number: number.get(),
            file_name: file_name.as_str().to_owned(),
            sha256: content.sha256,
            bytes: content.bytes,
            kind: content.kind.as_str().to_owned(),
            media_type: content.kind.media_type().to_owned(),
            state,
            reason,
            pages: page_count,
            pages_done,
            characters,
            job_id: job.map(|job| job.to_string()),
            uploaded_by,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            read_at: read_at.map(Into::into),
            indexed_at: indexed_at.map(Into::into),
        }
    }
}

/// A version, and by whose reading its pages are.
#[derive(Serialize, ToSchema)]
pub struct DocumentVersionDetailsBody {
    #[serde(flatten)]
    version: DocumentVersionBody,
    /// Pages by the source of their text: `native`, `pdfium`, `poppler`, `ocr`, `blank`, `unreadable`.
    sources: BTreeMap<String, i64>,
}

impl From<VersionDetails> for DocumentVersionDetailsBody {
    fn from(details: VersionDetails) -> Self {
        let VersionDetails { version, sources } = details;
        let sources = sources.into_iter();
        Self {
            version: version.into(),
            sources: sources
                .map(|(source, pages)| (source.to_string(), pages))
                .collect(),
        }
    }
}

/// What became of an upload.
#[derive(Serialize, ToSchema)]
pub struct UploadedBody {
    document: DocumentBody,
    reading: Reading,
}

impl From<Added> for UploadedBody {
    fn from(added: Added) -> Self {
        let Added {
            document,
            version,
            reading,
        } = added;
        Self {
            document: DocumentBody::of(document, version),
            reading,
        }
    }
}

/// One page of documents.
#[derive(Serialize, ToSchema)]
pub struct DocumentsBody {
    pub items: Vec<DocumentBody>,
    /// To pass as `cursor` for the next page; null on the last.
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// One page of a document's versions, the highest first.
#[derive(Serialize, ToSchema)]
pub struct DocumentVersionsBody {
    pub items: Vec<DocumentVersionBody>,
    /// To pass as `cursor` for the next page; null on the last.
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// How many documents were deleted.
#[derive(Serialize, ToSchema)]
pub struct DeletedDocumentsBody {
    pub deleted: u64,
}

/// What a list says of a page.
#[derive(Serialize, ToSchema)]
pub struct DocumentPageSummaryBody {
    number: i32,
    /// What the document itself calls it.
    label: Option<String>,
    /// `native`, `pdfium`, `poppler`, `ocr`, `blank` or `unreadable`.
    source: String,
    /// Why this source was taken.
    reason: String,
    /// Where its text begins in the version's, in characters.
    start: i64,
    /// Of its text.
    characters: i32,
}

impl From<PageSummary> for DocumentPageSummaryBody {
    fn from(page: PageSummary) -> Self {
        let PageSummary {
            number,
            label,
            source,
            reason,
            start,
            characters,
        } = page;
        Self {
            number,
            label,
            source: source.to_string(),
            reason,
            start,
            characters,
        }
    }
}

/// Some pages of a version.
#[derive(Serialize, ToSchema)]
pub struct DocumentPagesBody {
    pub items: Vec<DocumentPageSummaryBody>,
    /// To pass as `cursor` for the next page; null on the last.
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// A page with its blocks in reading order. Places are in points from the page's top left corner.
#[derive(Serialize, ToSchema)]
pub struct DocumentPageBody {
    number: i32,
    /// What the document itself calls it.
    label: Option<String>,
    /// In points; null where the format has no layout.
    #[schema(value_type = Option<Object>)]
    size: Option<PageSize>,
    /// `native`, `pdfium`, `poppler`, `ocr`, `blank` or `unreadable`.
    source: String,
    /// Why this source was taken.
    reason: String,
    /// Its part of the version's text.
    text: String,
    /// Where that part begins, in characters.
    start: i64,
    /// `hidden` ones are shown to people only: they are neither in the text nor given to a model.
    #[schema(value_type = Vec<Object>)]
    blocks: Vec<Block>,
}

impl From<StoredPage> for DocumentPageBody {
    fn from(page: StoredPage) -> Self {
        let StoredPage {
            number,
            label,
            size,
            source,
            reason,
            blocks,
            text,
            start,
        } = page;
        Self {
            number,
            label,
            size,
            source: source.to_string(),
            reason,
            text,
            start,
            blocks,
        }
    }
}
