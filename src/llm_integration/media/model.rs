//! Media, what refers to them, and what is announced of them.

use std::{fmt, str::FromStr};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};

use super::ContentType;
use crate::{
    kernel::Timestamp,
    llm_integration::{LlmError, ObservationId, TraceId, traces::named},
};

/// Characters of a hash that a medium is told apart by within its project: Langfuse's SDKs compute
/// the same.
const ID_CHARS: usize = 22;
/// Characters of the ids of datasets and their items.
const MAX_ID_CHARS: usize = 200;

/// A content's name within its project, which follows from its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaId(String);

/// The hash of a content, in base64 with its padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sha256(String);

named! {
    /// Where in what was traced, or in an item of a dataset, a medium is referred to.
    MediaField {
        Input = "input", Output = "output", ExpectedOutput = "expectedOutput", Metadata = "metadata",
    }
}

/// What refers to a medium. None of it needs to exist yet: media come before what they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaOwner {
    Trace(TraceId),
    Observation(TraceId, ObservationId),
    DatasetItem { dataset: String, item: String },
}

/// A medium that a sender has.
#[derive(Clone, Debug)]
pub struct NewMedia {
    pub sha256: Sha256,
    pub content_type: ContentType,
    pub bytes: u64,
    pub owner: MediaOwner,
    pub field: MediaField,
}

/// What its sender is told.
#[derive(Clone, Debug)]
pub struct Announced {
    pub id: MediaId,
    /// Where to put the content, and until when; `None` when there is no need to.
    pub upload: Option<(String, Timestamp)>,
}

/// A medium whose content is here.
#[derive(Clone, Debug)]
pub struct Media {
    pub id: MediaId,
    pub content_type: ContentType,
    pub bytes: u64,
    pub uploaded_at: Timestamp,
    /// Where the content is to be had, and until when.
    pub download: (String, Timestamp),
}

/// A medium as a trace refers to it.
#[derive(Clone, Debug)]
pub struct MediaLink {
    pub media: Media,
    /// `None` where the trace itself does.
    pub observation: Option<ObservationId>,
    pub field: MediaField,
}

/// What a sender says of its upload.
#[derive(Clone, Debug)]
pub struct UploadReport {
    pub status: i32,
    pub error: Option<String>,
}

impl MediaId {
    /// An id that was made from a hash.
    pub(super) fn stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for MediaId {
    /// What a caller asks for; nothing is found under what is no id.
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Sha256 {
    pub fn of(digest: &[u8]) -> Self {
        Self(STANDARD.encode(digest))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn media_id(&self) -> MediaId {
        let mut id = self.0.replace('+', "-").replace('/', "_");
        id.truncate(ID_CHARS);
        MediaId(id)
    }
}

impl FromStr for Sha256 {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        const BYTES: usize = 32;
        match STANDARD.decode(text) {
            Ok(digest) if digest.len() == BYTES => Ok(Self(text.to_owned())),
            _ => Err("a SHA-256 hash in base64, of 44 characters".to_owned()),
        }
    }
}

/// How an owner is stored: its kind, what it lies within, and its own id.
pub(super) struct StoredOwner<'a> {
    pub kind: &'static str,
    pub within: &'a str,
    pub id: &'a str,
}

pub(super) const OF_TRACE: &str = "trace";
pub(super) const OF_OBSERVATION: &str = "observation";
const OF_ITEM: &str = "dataset_item";

impl MediaOwner {
    pub(super) fn as_stored(&self) -> StoredOwner<'_> {
        let (kind, within, id) = match self {
            Self::Trace(trace) => (OF_TRACE, trace.as_str(), trace.as_str()),
            Self::Observation(trace, observation) => {
                (OF_OBSERVATION, trace.as_str(), observation.as_str())
            }
            Self::DatasetItem { dataset, item } => (OF_ITEM, dataset.as_str(), item.as_str()),
        };
        StoredOwner { kind, within, id }
    }

    /// The trace that it belongs to.
    pub fn trace(&self) -> Option<&TraceId> {
        match self {
            Self::Trace(trace) | Self::Observation(trace, _) => Some(trace),
            Self::DatasetItem { .. } => None,
        }
    }
}

impl NewMedia {
    /// # Errors
    /// [`LlmError::InvalidRequest`] naming what is wrong.
    pub(super) fn check(&self, limit: usize) -> Result<(), LlmError> {
        let invalid = |what: String| Err(LlmError::InvalidRequest { what });
        if !(1..=limit as u64).contains(&self.bytes) {
            return invalid(format!(
                "the content has {} bytes; it must have 1 to {limit} (`media.size_limit_bytes`)",
                self.bytes
            ));
        }
        let (only_of, fits) = match &self.owner {
            MediaOwner::DatasetItem { dataset, item } => {
                let is_id = |id: &str| {
                    (1..=MAX_ID_CHARS).contains(&id.chars().count()) && !id.contains('\0')
                };
                if !is_id(dataset) || !is_id(item) {
                    return invalid(format!(
                        "the ids of a dataset and of its item have 1 to {MAX_ID_CHARS} characters"
                    ));
                }
                ("an item of a dataset", self.field != MediaField::Output)
            }
            _ => ("what was traced", self.field != MediaField::ExpectedOutput),
        };
        if !fits {
            let field = self.field.name();
            return invalid(format!("`field` is not valid: {only_of} has no `{field}`"));
        }
        Ok(())
    }
}

/// The bytes of a ticket or signature as they stand in an address.
pub(super) fn in_address(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What [`in_address`] was made from; `None` for any other text.
pub(super) fn from_address(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_the_hash_as_the_sdks_have_it() {
        let hash: Sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
            .parse()
            .unwrap();
        assert_eq!(hash.media_id().as_str(), "ungWv48Bz-pBQUDeXa4iI7");
        assert!(
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa"
                .parse::<Sha256>()
                .is_err()
        );
        assert!("x".repeat(44).parse::<Sha256>().is_err());
    }
}
