//! Everything that can go wrong with searching, each with its facts.

use serde_json::{Value, json};

use super::model::{Comparison, InvalidSetup, RequestError};
use crate::{
    document::DocumentError,
    kernel::{ErrorCode, Failure},
    platform::db::DbError,
};

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Setup(#[from] InvalidSetup),
    #[error("`{field}` {why}")]
    Invalid { field: &'static str, why: String },
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Busy(String),
    #[error("the setting can not be promoted: {why}")]
    Loses {
        why: String,
        comparison: Option<Comparison>,
    },
    /// Something removed the chunks while they were being written: another attempt may succeed.
    #[error("the index changed while the document was put into it")]
    Disturbed,
    #[error("a task of the search ended early: {0}")]
    TaskEnded(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Refused(#[from] Failure),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl SearchError {
    pub(super) fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            why: why.into(),
        }
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        use SearchError as E;
        let message = error.to_string();
        let failure = |code, details: Value| Self::new(code, message).with_details(details);
        let invalid = ErrorCode::SearchInvalid;
        match error {
            E::Request(RequestError::Query(_)) => failure(invalid, json!({ "field": "query" })),
            E::Request(RequestError::Range { field, .. })
            | E::Setup(InvalidSetup { field, .. })
            | E::Invalid { field, why: _ } => failure(invalid, json!({ "field": field })),
            E::NotFound(_) => failure(ErrorCode::NotFound, Value::Null),
            E::Busy(_) => failure(ErrorCode::SearchSettingBusy, Value::Null),
            E::Loses { why: _, comparison } => failure(
                ErrorCode::SearchSettingLoses,
                json!({ "comparison": comparison }),
            ),
            E::Disturbed | E::TaskEnded(_) => Self::internal(error),
            E::Refused(refused) => refused,
            E::Db(error) => error.into(),
        }
    }
}

impl From<SearchError> for DocumentError {
    fn from(error: SearchError) -> Self {
        Self::Refused(error.into())
    }
}
