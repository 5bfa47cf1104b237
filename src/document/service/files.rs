//! Giving files back: as they were uploaded, or a part of one.

use std::ops::Range;

use super::Documents;
use crate::{
    document::{
        DocumentError,
        model::{ByteSpan, DocumentId, DocumentVersion, VersionNumber},
    },
    kernel::{Actor, Failure},
    platform::objects::ObjectStream,
};

/// The part of a file that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedPart {
    pub span: ByteSpan,
    /// The file that the part has to be of, by its tag; the whole of another file is given instead.
    pub of: Option<String>,
}

/// A file of a version, or a part of it, as it comes.
pub struct FilePart {
    pub version: DocumentVersion,
    /// Of its bytes; `None` for all of them.
    pub range: Option<Range<u64>>,
    pub bytes: ObjectStream,
}

impl Documents {
    /// The file of a version as it was uploaded, or a part of it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `document_range_invalid` where the file has nothing of the part.
    pub async fn file(
        &self,
        actor: &Actor,
        (id, number): (DocumentId, VersionNumber),
        wanted: Option<WantedPart>,
    ) -> Result<FilePart, Failure> {
        let version = self.version(actor, id, Some(number)).await?.version;
        let size = version.content.bytes.unsigned_abs();
        let of_this = |wanted: &WantedPart| {
            let tag = wanted.of.as_deref();
            tag.is_none_or(|tag| tag == version.content.tag())
        };
        let range = match wanted.filter(of_this) {
            Some(wanted) => Some(
                wanted
                    .span
                    .within(size)
                    .ok_or(DocumentError::NothingInRange { size })?,
            ),
            None => None,
        };
        let key = &version.content.object_key;
        let bytes = match range.clone() {
            Some(range) => self.objects.part(key, range).await,
            None => self.objects.stream(key, u64::MAX).await.map(|(_, all)| all),
        };
        Ok(FilePart {
            bytes: bytes.map_err(DocumentError::from)?,
            range,
            version,
        })
    }
}
