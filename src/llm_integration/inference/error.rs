//! What can go wrong with models of this process, and what a caller is told of it.

use std::time::Duration;

use super::ModelKind;
use crate::kernel::{ErrorCode, Failure};

/// What a caller is told to wait while others' texts are worked on.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, thiserror::Error)]
pub enum InferenceError {
    #[error("models of this server are switched off: `inference.enabled` is false")]
    Off,
    /// What is missing, and what would be right.
    #[error("{what}")]
    Missing { what: String },
    #[error("this server has no model `{model}`; {known}")]
    UnknownModel { model: String, known: String },
    #[error("`{model}` is for {}, not for {}", .is.purpose(), .asked.purpose())]
    WrongKind {
        model: String,
        is: ModelKind,
        asked: ModelKind,
    },
    #[error("the model `{model}` can not be used: {why}")]
    Broken { model: String, why: String },
    #[error("{what}")]
    Invalid { what: String },
    #[error(
        "the text at position {position} has more than the {limit} tokens that `{model}` takes; shorten \
         it, or let it be cut"
    )]
    TooLong {
        model: String,
        position: usize,
        limit: usize,
    },
    #[error("`{model}` has more texts waiting than it can work on; try again in a moment")]
    Overloaded { model: String },
    #[error("`{model}` was not done within {} s", .waited.as_secs_f64())]
    Timeout { model: String, waited: Duration },
    #[error("the model `{model}` failed: {why}")]
    Failed { model: String, why: String },
}

impl From<InferenceError> for Failure {
    fn from(error: InferenceError) -> Self {
        use InferenceError as E;
        let code = match &error {
            E::Off | E::UnknownModel { .. } => ErrorCode::ModelNotFound,
            E::Missing { .. } | E::Broken { .. } => ErrorCode::Unavailable,
            E::WrongKind { .. } | E::Invalid { .. } | E::TooLong { .. } => {
                ErrorCode::InvalidRequest
            }
            E::Overloaded { .. } => {
                return Self::new(ErrorCode::Overloaded, error.to_string())
                    .retry_after(BUSY_RETRY_AFTER);
            }
            E::Timeout { .. } => ErrorCode::ProviderTimeout,
            E::Failed { .. } => return Self::internal(error),
        };
        Self::new(code, error.to_string())
    }
}
