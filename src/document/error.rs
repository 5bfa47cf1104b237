//! Everything that can go wrong with documents, each with its facts.

use serde_json::{Value, json};

use super::{
    annotations::AnnotationId,
    answering::ThreadId,
    extraction::ExtractionError,
    model::{DocumentId, VersionNumber, VersionState},
    notes::NoteId,
};
use crate::{
    kernel::{ErrorCode, Failure},
    platform::{db::DbError, objects::ObjectError},
};

#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("`{field}` {why}")]
    Invalid { field: &'static str, why: String },
    #[error("no document {0} exists in this project")]
    NotFound(DocumentId),
    #[error("document {document} has no version {number}")]
    VersionNotFound {
        document: DocumentId,
        number: VersionNumber,
    },
    #[error("version {number} has no page {page}; {done} of its pages are read")]
    PageNotFound {
        number: VersionNumber,
        page: i32,
        done: i32,
    },
    #[error("version {number} has no page {page}")]
    NoSuchPage { number: VersionNumber, page: i32 },
    #[error("pages of this kind of file ({kind}) have no layout, so there is no picture of them")]
    NoLayout { kind: &'static str },
    #[error("the page can not be drawn: {0}")]
    NotDrawn(ExtractionError),
    #[error("the file has {size} bytes, and none of those that were asked for")]
    NothingInRange { size: u64 },
    #[error("no note {0} exists in this project")]
    NoteNotFound(NoteId),
    #[error("note {note} has no version {number}")]
    NoteVersionNotFound { note: NoteId, number: i32 },
    #[error("the note is being written")]
    NoteBusy,
    #[error("the note has version {latest} by now; what is sent was made of version {base}")]
    NoteChanged { base: i32, latest: i32 },
    #[error("no annotation {0} exists on this document")]
    AnnotationNotFound(AnnotationId),
    #[error("no thread {0} exists in this project")]
    ThreadNotFound(ThreadId),
    #[error(
        "the documents together have more than the {limit} tokens that a model is shown \
         (`documents.answers.context_tokens`): name fewer, or let them be searched"
    )]
    TooLongToShow { limit: u64 },
    #[error("the file is larger than the limit of {limit} bytes")]
    FileTooLarge { limit: u64 },
    #[error("{0}")]
    Unsupported(ExtractionError),
    #[error("the project may hold {limit} {what}, and would hold more with this file")]
    QuotaExceeded { what: &'static str, limit: u64 },
    #[error("the upload broke off: {why}")]
    BrokenOff { why: String },
    #[error("nothing more of the file came for {seconds} s")]
    TooSlow { seconds: u64 },
    #[error("the version is {0}; only one that failed or was cancelled can be read again")]
    NotRetryable(VersionState),
    #[error("the version is {0}; nothing is being done with it")]
    NotCancellable(VersionState),
    #[error("the file can not be stored or read")]
    Objects(#[from] ObjectError),
    #[error(transparent)]
    Refused(#[from] Failure),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl DocumentError {
    pub(super) fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            why: why.into(),
        }
    }
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        use DocumentError as E;
        let message = error.to_string();
        let failure = |code, details: Value| Self::new(code, message).with_details(details);
        match error {
            E::Invalid { field, why: _ } => {
                failure(ErrorCode::DocumentInvalid, json!({ "field": field }))
            }
            E::NotFound(_)
            | E::VersionNotFound { .. }
            | E::PageNotFound { .. }
            | E::NoSuchPage { .. }
            | E::NoLayout { .. }
            | E::ThreadNotFound(_)
            | E::NoteNotFound(_)
            | E::NoteVersionNotFound { .. }
            | E::AnnotationNotFound(_) => failure(ErrorCode::NotFound, Value::Null),
            E::NotDrawn(
                ExtractionError::EngineMissing { .. } | ExtractionError::Sandbox { .. },
            ) => failure(ErrorCode::Unavailable, Value::Null),
            E::NotDrawn(reason) => failure(
                ErrorCode::DocumentPageNotDrawn,
                json!({ "reason": reason.code() }),
            ),
            E::NothingInRange { size } => {
                failure(ErrorCode::DocumentRangeInvalid, json!({ "bytes": size }))
                    .with_header("content-range", format!("bytes */{size}"))
            }
            E::NoteBusy => failure(ErrorCode::DocumentBusy, Value::Null),
            E::NoteChanged { base: _, latest } => {
                failure(ErrorCode::NoteChanged, json!({ "latest": latest }))
            }
            E::TooLongToShow { limit } => failure(
                ErrorCode::DocumentInvalid,
                json!({ "field": "mode", "limit_tokens": limit }),
            ),
            E::FileTooLarge { limit } => {
                failure(ErrorCode::PayloadTooLarge, json!({ "limit_bytes": limit }))
            }
            E::Unsupported(ExtractionError::UnsupportedType { .. }) => {
                failure(ErrorCode::DocumentKindUnsupported, Value::Null)
            }
            E::Unsupported(reason) => failure(
                ErrorCode::DocumentInvalid,
                json!({ "reason": reason.code() }),
            ),
            E::QuotaExceeded { what, limit } => failure(
                ErrorCode::DocumentQuotaExceeded,
                json!({ "what": what, "limit": limit }),
            ),
            E::BrokenOff { .. } | E::TooSlow { .. } => {
                failure(ErrorCode::InvalidRequest, Value::Null)
            }
            E::NotRetryable(state) => failure(ErrorCode::DocumentBusy, json!({ "state": state })),
            E::NotCancellable(state) => {
                failure(ErrorCode::DocumentEnded, json!({ "state": state }))
            }
            E::Objects(source) => Self::internal(source),
            E::Refused(refused) => refused,
            E::Db(error) => error.into(),
        }
    }
}
