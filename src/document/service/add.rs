//! Making documents and versions of files that were received. The same bytes are stored and read once a project.

use super::{
    Documents, ReceivedFile,
    documents::{Milestone, announce, opened, version_of},
};
use crate::{
    document::{
        DocumentError, DocumentSettings,
        extraction::FileMetadata,
        jobs::{READER, enqueue_indexing, enqueue_reading},
        model::{
            Content, Document, DocumentId, DocumentVersion, Draft, FileName, VersionId,
            VersionNumber, VersionState,
        },
        store,
    },
    kernel::{Actor, Clock, Failure, Permission, ProjectId},
    platform::db::Conn,
};

/// What became of an upload.
#[derive(Clone, Debug)]
pub struct Added {
    pub document: Document,
    pub version: DocumentVersion,
    pub reading: Reading,
}

/// Whether uploaded bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DocumentReading)]
pub enum Reading {
    /// They are new to the project, and will be.
    Queued,
    /// Another version has the same bytes, and its pages were taken over.
    Reused,
    /// They are the document's latest version already: nothing was added.
    Unchanged,
}

impl Documents {
    /// Makes a document of a file. When it is the latest version of a document of the project already, that document
    /// is the answer, unless the draft wants one of its own.
    ///
    /// # Errors
    /// `forbidden`, or `document_quota_exceeded`.
    pub async fn add(
        &self,
        actor: &Actor,
        draft: Draft,
        file: ReceivedFile,
    ) -> Result<Added, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let arrival = self.arrival(actor, &file);
        let added = self.db.write(move |conn| arrival.add(conn, draft)).await?;
        Ok(settle(added, file))
    }

    /// Gives a document its next version. The bytes that it has already change nothing.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `document_quota_exceeded`.
    pub async fn add_version(
        &self,
        actor: &Actor,
        id: DocumentId,
        file: ReceivedFile,
    ) -> Result<Added, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let arrival = self.arrival(actor, &file);
        let added = self
            .db
            .write(move |conn| arrival.add_version(conn, id))
            .await?;
        Ok(settle(added, file))
    }

    fn arrival(&self, actor: &Actor, file: &ReceivedFile) -> Arrival {
        Arrival {
            clock: self.clock.clone(),
            actor: actor.clone(),
            documents_max: DocumentSettings::quota(self.settings.documents_per_project),
            bytes_max: DocumentSettings::quota(self.settings.bytes_per_project),
            name: file.name.clone(),
            content: file.content.clone(),
        }
    }
}

/// The object is the version's, or goes.
fn settle(added: Added, file: ReceivedFile) -> Added {
    if added.version.content.object_key == file.content.object_key {
        file.upload.taken();
    }
    added
}

/// A file that becomes a version, inside the transaction.
struct Arrival {
    clock: Clock,
    actor: Actor,
    documents_max: Option<u64>,
    bytes_max: Option<u64>,
    name: FileName,
    content: Content,
}

impl Arrival {
    fn project(&self) -> ProjectId {
        self.actor.project
    }

    fn add(self, conn: &mut Conn, draft: Draft) -> Result<Added, DocumentError> {
        store::lock_project(conn, self.project())?;
        let same = store::with_content(conn, self.project(), &self.content.sha256)?;
        let known = same.iter().find(|(_, is_latest)| *is_latest);
        if let Some((version, _)) = known.filter(|_| !draft.allow_duplicate) {
            return self.unchanged(conn, version.document);
        }
        if let Some(limit) = self.documents_max
            && store::count_documents(conn, self.project())? >= limit
        {
            let what = "documents";
            return Err(DocumentError::QuotaExceeded { what, limit });
        }
        let by = self.actor.signature();
        let made = (by, self.clock.now());
        let id = self.clock.new_id();
        let document = Document::new(id, self.project(), (&self.name, draft), made);
        store::insert(conn, &document)?;
        self.finish(conn, document, VersionNumber::FIRST, same)
    }

    fn add_version(self, conn: &mut Conn, id: DocumentId) -> Result<Added, DocumentError> {
        store::lock_project(conn, self.project())?;
        let mut document = opened(conn, self.project(), id)?;
        let latest = version_of(conn, &document, None)?;
        if latest.content.sha256 == self.content.sha256 {
            return self.unchanged(conn, id);
        }
        let same = store::with_content(conn, self.project(), &self.content.sha256)?;
        document.latest = latest.number.next();
        document.updated_at = self.clock.now();
        let number = document.latest;
        self.finish(conn, document, number, same)
    }

    fn unchanged(self, conn: &mut Conn, id: DocumentId) -> Result<Added, DocumentError> {
        let document = super::documents::existing(conn, self.project(), id)?;
        let version = version_of(conn, &document, None)?;
        Ok(Added {
            document,
            version,
            reading: Reading::Unchanged,
        })
    }

    fn finish(
        self,
        conn: &mut Conn,
        mut document: Document,
        number: VersionNumber,
        same: Vec<(DocumentVersion, bool)>,
    ) -> Result<Added, DocumentError> {
        let mut version = self.version(conn, &document, number, same.first())?;
        let read = same.into_iter().map(|(version, _)| version).find(is_read);
        let reading = if let Some(read) = read {
            take_over(&mut version, &read);
            document.take_in(&version.metadata, &version.file_name);
            version.job = Some(enqueue_indexing(conn, &self.clock, &version)?);
            store::insert_version(conn, &version)?;
            store::copy_pages(conn, read.id, version.id)?;
            announce(conn, &self.clock, &version, &Milestone::Uploaded)?;
            announce(conn, &self.clock, &version, &Milestone::Read)?;
            Reading::Reused
        } else {
            version.job = Some(enqueue_reading(conn, &self.clock, &version)?);
            store::insert_version(conn, &version)?;
            announce(conn, &self.clock, &version, &Milestone::Uploaded)?;
            Reading::Queued
        };
        store::save(conn, &document)?;
        Ok(Added {
            document,
            version,
            reading,
        })
    }

    /// The version that is to be stored, over the object that the project has of these bytes, or the new one.
    fn version(
        self: &Arrival,
        conn: &mut Conn,
        document: &Document,
        number: VersionNumber,
        same: Option<&(DocumentVersion, bool)>,
    ) -> Result<DocumentVersion, DocumentError> {
        let mut content = self.content.clone();
        if let Some((stored, _)) = same {
            content.object_key.clone_from(&stored.content.object_key);
        } else {
            self.require_room(conn)?;
            if !store::end_upload(conn, &content.object_key)? {
                let why = "it was taken for abandoned".to_owned();
                return Err(DocumentError::BrokenOff { why });
            }
        }
        let (id, now): (VersionId, _) = (self.clock.new_id(), self.clock.now());
        Ok(DocumentVersion {
            id,
            document: document.id,
            project: document.project,
            number,
            file_name: self.name.clone(),
            content,
            state: VersionState::Uploaded,
            reason: None,
            page_count: None,
            pages_done: 0,
            characters: 0,
            metadata: FileMetadata::default(),
            reader: READER,
            stalls: 0,
            stalled_at: None,
            job: None,
            uploaded_by: self.actor.signature(),
            created_at: now,
            updated_at: now,
            read_at: None,
            indexed_at: None,
        })
    }

    fn require_room(&self, conn: &mut Conn) -> Result<(), DocumentError> {
        let Some(limit) = self.bytes_max else {
            return Ok(());
        };
        let stored = store::stored_bytes(conn, self.project())?;
        if stored.saturating_add(self.content.bytes.unsigned_abs()) <= limit {
            return Ok(());
        }
        let what = "bytes";
        Err(DocumentError::QuotaExceeded { what, limit })
    }
}

/// Whether a version's pages are those that today's reader would give.
fn is_read(version: &DocumentVersion) -> bool {
    let is_read = matches!(version.state, VersionState::Read | VersionState::Indexed);
    is_read && version.reader == READER
}

fn take_over(version: &mut DocumentVersion, read: &DocumentVersion) {
    version.state = VersionState::Read;
    version.reason.clone_from(&read.reason);
    version.page_count = read.page_count;
    version.pages_done = read.pages_done;
    version.characters = read.characters;
    version.metadata = read.metadata.clone();
    version.content.kind = read.content.kind;
    version.read_at = read.read_at;
}
