//! Receiving a file: straight into the object store, hashed and counted on its way, never whole in memory.

use std::{error::Error, fmt::Display, io::Cursor};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::{runtime::Handle, time};

use super::Documents;
use crate::{
    document::{
        DocumentError,
        extraction::{ExtractionError, FileKind},
        model::{Content, FileName},
        store,
    },
    kernel::{Actor, Failure, Permission},
    platform::db::DbError,
};

/// Below this path of the object store lie the files of documents, by project.
const FOLDER: &str = "documents";
/// As much of a file's beginning as is kept to tell its kind.
const HEAD_BYTES: usize = 64 * 1024;

/// A file that lies in the object store and belongs to no version yet. Dropped as it is, it goes again.
pub struct ReceivedFile {
    pub(super) name: FileName,
    pub(super) content: Content,
    pub(super) upload: Unfinished,
}

/// An object that nobody refers to: removed when this is dropped, unless somebody does by then.
pub(super) struct Unfinished {
    documents: Documents,
    key: String,
    is_taken: bool,
}

impl Unfinished {
    /// A version refers to the object from now on.
    pub fn taken(mut self) {
        self.is_taken = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(runtime) = Handle::try_current().ok().filter(|_| !self.is_taken) else {
            return; // a process that ends: `document.keep_up` finds what it left
        };
        let (documents, key) = (self.documents.clone(), std::mem::take(&mut self.key));
        runtime.spawn(async move { documents.abandon(key).await });
    }
}

/// What is known of a file while it comes.
struct Incoming {
    hasher: Sha256,
    bytes: u64,
    head: Vec<u8>,
}

impl Incoming {
    fn take(&mut self, part: &[u8]) {
        self.hasher.update(part);
        self.bytes += part.len() as u64;
        let missing = HEAD_BYTES - self.head.len();
        self.head
            .extend_from_slice(&part[..part.len().min(missing)]);
    }
}

impl Documents {
    /// Stores a file as its bytes come. What becomes of it, [`Documents::add`] or [`Documents::add_version`] says.
    ///
    /// # Errors
    /// `forbidden`; the file is too large, empty or of no kind that is read; or the upload broke off. Nothing is left
    /// of it.
    pub async fn receive<E: Display>(
        &self,
        actor: &Actor,
        name: FileName,
        bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<ReceivedFile, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let key = format!(
            "{FOLDER}/{}/{}",
            actor.project,
            self.clock.new_id::<ReceivedFile>()
        );
        let (project, now, begun) = (actor.project, self.clock.now(), key.clone());
        self.db
            .write(move |conn| store::begin_upload(conn, project, &begun, now))
            .await?;
        let upload = Unfinished {
            documents: self.clone(),
            key: key.clone(),
            is_taken: false,
        };
        let incoming = time::timeout(self.settings.upload_timeout(), self.store(&key, bytes))
            .await
            .unwrap_or_else(|_| Err(self.took_too_long()))?;
        let kind = self.kind_of(&incoming, &key, &name).await?;
        let content = Content {
            sha256: hexadecimal(&incoming.hasher.finalize()),
            bytes: i64::try_from(incoming.bytes).unwrap_or(i64::MAX),
            kind,
            object_key: key,
        };
        Ok(ReceivedFile {
            name,
            content,
            upload,
        })
    }

    async fn store<E: Display>(
        &self,
        key: &str,
        mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Incoming, DocumentError> {
        let limit = self.settings.file_limit_bytes;
        let mut writer = self.objects.writer(key);
        let mut incoming = Incoming {
            hasher: Sha256::new(),
            bytes: 0,
            head: Vec::new(),
        };
        while let Some(part) = self.within_patience(bytes.next()).await? {
            let part = part.map_err(|error| DocumentError::BrokenOff {
                why: error.to_string(),
            })?;
            incoming.take(&part);
            if incoming.bytes > limit {
                return Err(DocumentError::FileTooLarge { limit });
            }
            writer.write(part).await?;
        }
        if incoming.bytes == 0 {
            return Err(DocumentError::Unsupported(ExtractionError::EmptyFile));
        }
        writer.finish().await?;
        Ok(incoming)
    }

    async fn within_patience<T>(&self, next: impl Future<Output = T>) -> Result<T, DocumentError> {
        let idle = self.settings.upload_idle();
        time::timeout(idle, next)
            .await
            .map_err(|_| DocumentError::TooSlow {
                seconds: idle.as_secs(),
            })
    }

    fn took_too_long(&self) -> DocumentError {
        DocumentError::BrokenOff {
            why: format!(
                "it took longer than {} s",
                self.settings.upload_timeout_seconds
            ),
        }
    }

    /// What the file is. An archive says so by its list of entries, which stands at its end.
    async fn kind_of(
        &self,
        incoming: &Incoming,
        key: &str,
        name: &FileName,
    ) -> Result<FileKind, DocumentError> {
        let is_whole = incoming.bytes == incoming.head.len() as u64;
        let is_archive = incoming.head.starts_with(b"PK");
        let name = Some(name.as_str());
        let kind = if is_archive && !is_whole {
            let mut file = self.objects.file(key, u64::MAX).await?;
            let name = name.map(str::to_owned);
            let looking =
                tokio::task::spawn_blocking(move || FileKind::of(&mut file, name.as_deref()));
            looking.await.map_err(DbError::TaskEnded)?
        } else {
            FileKind::of(&mut Cursor::new(&incoming.head), name)
        };
        kind.map_err(DocumentError::Unsupported)
    }

    /// Removes an object that no version has.
    pub(in crate::document) async fn abandon(&self, key: String) {
        let removed = self.objects.delete_unfinished(&key).await;
        if let Err(error) = removed {
            // Its row stays, so that it is tried again.
            tracing::warn!(
                key,
                error = &error as &dyn Error,
                "an upload that was given up is left"
            );
            return;
        }
        let ended = self
            .db
            .write(move |conn| store::end_upload(conn, &key).map(drop));
        if let Err(error) = ended.await as Result<(), DbError> {
            tracing::warn!(
                error = &error as &dyn Error,
                "an upload that was given up is still listed"
            );
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` can not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
