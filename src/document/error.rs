//! Everything that can go wrong with documents, each with its facts.

use serde_json::{Value, json};

use super::{
    extraction::ExtractionError,
    model::{DocumentId, VersionNumber, VersionState},
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
            E::NotFound(_) | E::VersionNotFound { .. } | E::PageNotFound { .. } => {
                failure(ErrorCode::NotFound, Value::Null)
            }
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
