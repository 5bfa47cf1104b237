//! What can go wrong in the gateway, its prices and its traces.

use std::{sync::Arc, time::Duration};

use super::{NotAskable, NotPublic, ProviderName};
use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::{LimitExceeded, dialects::Untranslatable},
    platform::db::DbError,
};

/// What a caller is told to wait while limits can not be counted.
const LIMITS_RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum LlmError {
    #[error("the request is refused")]
    Refused(#[from] Failure),
    #[error("the database failed")]
    Db(#[from] DbError),
    #[error("{what}")]
    InvalidCall { what: String },
    #[error(transparent)]
    Untranslatable(#[from] Untranslatable),
    #[error("no provider is configured for the model `{model}`; {remedy}")]
    ProviderNotConfigured { model: String, remedy: &'static str },
    #[error("no provider offers the model `{model}`")]
    ModelNotFound { model: String },
    #[error("{provider} could not be reached or broke off its answer")]
    ProviderFailed {
        provider: ProviderName,
        #[source]
        source: reqwest::Error,
    },
    #[error("{provider} ended its answer before it was complete")]
    ProviderCutOff { provider: ProviderName },
    #[error("{provider} sent nothing for {} s", waited.as_secs_f64())]
    ProviderTimeout {
        provider: ProviderName,
        waited: Duration,
    },
    #[error("{provider}'s answer is larger than `gateway.response_limit_bytes` ({limit} bytes)")]
    AnswerTooLarge {
        provider: ProviderName,
        limit: usize,
    },
    #[error("{provider} can not be asked: {source}")]
    NotAskable {
        provider: ProviderName,
        source: Arc<NotAskable>,
    },
    #[error("{provider} is refused: {source}")]
    ProviderRefused {
        provider: ProviderName,
        source: Arc<NotPublic>,
    },
    #[error("{provider}'s list of models can not be read")]
    ModelsUnreadable {
        provider: ProviderName,
        #[source]
        source: serde_json::Error,
    },
    #[error("there is no trace `{id}` in this project")]
    TraceNotFound { id: String },
    #[error("there is no observation `{id}` in this project")]
    ObservationNotFound { id: String },
    #[error("there is no {what} `{id}` in this project")]
    Missing { what: &'static str, id: String },
    #[error("{what}")]
    InvalidRequest { what: String },
    #[error("{0}")]
    LimitExceeded(Box<LimitExceeded>),
    #[error("this key's policy does not allow the model `{model}`")]
    ModelNotAllowed { model: String },
    #[error(
        "the model `{model}` has no price, so that a budget can not count it; set one with PUT /api/v1/prices"
    )]
    PriceUnknown { model: String },
    #[error("limits can not be counted right now, and this call has one")]
    LimitsUnavailable,
    #[error("{what}")]
    LimitInvalid { what: String },
    #[error("this subject has a limit of this unit and window already: `{id}`")]
    LimitExists { id: String },
    #[error("there is no {what} `{id}` in this project")]
    LimitNotFound { what: &'static str, id: String },
    #[error("{what}")]
    PriceInvalid { what: String },
    #[error("this project has no price of its own for `{model}`")]
    PriceNotFound { model: String },
}

impl From<LlmError> for Failure {
    fn from(error: LlmError) -> Self {
        use LlmError as E;
        let code = match error {
            E::Refused(failure) => return failure,
            E::Db(error) => return error.into(),
            E::InvalidCall { .. } | E::InvalidRequest { .. } | E::Untranslatable(_) => {
                ErrorCode::InvalidRequest
            }
            E::LimitExceeded(exceeded) => return (*exceeded).into(),
            E::LimitsUnavailable => {
                return Self::new(ErrorCode::Unavailable, error.to_string())
                    .retry_after(LIMITS_RETRY_AFTER);
            }
            E::ModelNotAllowed { .. } => ErrorCode::ModelNotAllowed,
            E::PriceUnknown { .. } => ErrorCode::PriceUnknown,
            E::LimitInvalid { .. } => ErrorCode::LimitInvalid,
            E::LimitExists { .. } => ErrorCode::LimitExists,
            E::ProviderNotConfigured { .. } | E::NotAskable { .. } | E::ProviderRefused { .. } => {
                ErrorCode::ProviderNotConfigured
            }
            E::ModelNotFound { .. } => ErrorCode::ModelNotFound,
            E::ProviderFailed { .. }
            | E::ProviderCutOff { .. }
            | E::AnswerTooLarge { .. }
            | E::ModelsUnreadable { .. } => ErrorCode::ProviderFailed,
            E::ProviderTimeout { .. } => ErrorCode::ProviderTimeout,
            E::TraceNotFound { .. }
            | E::ObservationNotFound { .. }
            | E::Missing { .. }
            | E::LimitNotFound { .. }
            | E::PriceNotFound { .. } => ErrorCode::NotFound,
            E::PriceInvalid { .. } => ErrorCode::PriceInvalid,
        };
        Self::new(code, error.to_string()).caused_by(error)
    }
}
