//! What can go wrong in the gateway, its prices and its traces.

use std::{error::Error, sync::Arc, time::Duration};

use super::{NotAskable, NotPublic, ProviderName};
use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::{
        LimitExceeded,
        dialects::{Unreadable, Untranslatable},
        guardrails::{Blocked, GuardId, GuardName},
    },
    platform::{db::DbError, objects::ObjectError, redis::RedisError},
};

/// What a caller is told to wait while limits can not be counted.
const LIMITS_RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a caller is told to wait until another's tail may have ended.
const TAILS_RETRY_AFTER: Duration = Duration::from_secs(5);

/// What a caller is told to wait for a place.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

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
    #[error("what lies in the object store can not be had right now")]
    Objects(#[from] ObjectError),
    #[error("the database failed")]
    DbShared(#[from] Arc<DbError>),
    #[error("{what}")]
    ProviderInvalid { what: String },
    #[error("this project has no provider of its own named `{name}`")]
    ProviderNotFound { name: ProviderName },
    #[error(
        "keys of providers can not be stored here: the operator sets \
         APP_GATEWAY__PROVIDER_KEY_SECRET or APP_GATEWAY__PROVIDER_KEY_SECRET_FILE, the same for \
         every process, for example to the output of `openssl rand -hex 32`"
    )]
    ProviderKeysOff,
    #[error("the key can not be sealed")]
    ProviderKeyUnsealable(#[source] Arc<dyn Error + Send + Sync>),
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
    #[error("{provider}'s answer is not as its API describes it")]
    AnswerUnreadable {
        provider: ProviderName,
        source: Unreadable,
    },
    #[error("the answer that was kept can not be told again")]
    KeptUnreadable { source: Unreadable },
    #[error("every provider of `{model}` failed lately and is left alone for a moment")]
    BreakersOpen {
        model: String,
        retry_after: Duration,
    },
    #[error("{provider} has no place for another call; try again in a moment")]
    ProviderBusy { provider: ProviderName },
    #[error("the gateway has no place for another call; try again in a moment")]
    GatewayBusy,
    #[error("the routes can not be read")]
    RoutesUnreadable(#[source] Arc<DbError>),
    #[error("no case of the route `{alias}` applies to this call")]
    NoRouteApplies { alias: String },
    #[error("{provider}'s embeddings can not be read")]
    EmbeddingsUnreadable {
        provider: ProviderName,
        #[source]
        source: Unreadable,
    },
    #[error("{provider}'s list of models can not be read")]
    ModelsUnreadable {
        provider: ProviderName,
        #[source]
        source: serde_json::Error,
    },
    #[error("this project has {limit} live tails here already (`traces.live_connections`)")]
    TooManyTails { limit: usize },
    #[error("this address is not valid, or not any more: ask for another")]
    AddressNotValid,
    #[error("too many uploads are under way here; try again in a moment")]
    UploadsBusy,
    #[error("media can not be kept here: no file can be written, and no bucket is configured")]
    MediaOff,
    #[error("{why}")]
    MediaNotHere { why: String },
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
    #[error("{0}")]
    Blocked(Box<Blocked>),
    #[error("{what}")]
    GuardInvalid { what: String },
    #[error("this project has a guardrail called `{name}` already")]
    GuardExists { name: GuardName },
    #[error("there is no guardrail `{id}` in this project")]
    GuardNotFound { id: GuardId },
    #[error("the cache of answers can not be purged, as Redis does not answer")]
    CacheUnavailable(#[source] RedisError),
    #[error("{what}")]
    InvoiceInvalid { what: String },
    #[error("{what}")]
    PriceInvalid { what: String },
    #[error("this project has no price of its own for `{model}`")]
    PriceNotFound { model: String },
    #[error("{what}")]
    RouteInvalid { what: String },
    #[error("this project has no route `{alias}` of its own")]
    RouteNotFound { alias: String },
    #[error("the route `{alias}` was changed since: {}", standing(*.version))]
    RouteChanged {
        alias: String,
        /// The version stored.
        version: Option<i32>,
    },
}

fn standing(version: Option<i32>) -> String {
    version.map_or_else(
        || "it does not exist".to_owned(),
        |version| format!("its version is {version}"),
    )
}

impl LlmError {
    /// The provider that it is about.
    pub const fn provider(&self) -> Option<&ProviderName> {
        match self {
            Self::ProviderFailed { provider, .. }
            | Self::ProviderCutOff { provider }
            | Self::ProviderTimeout { provider, .. }
            | Self::AnswerTooLarge { provider, .. }
            | Self::AnswerUnreadable { provider, .. }
            | Self::EmbeddingsUnreadable { provider, .. }
            | Self::NotAskable { provider, .. }
            | Self::ProviderBusy { provider } => Some(provider),
            _ => None,
        }
    }
}

impl From<LlmError> for Failure {
    fn from(error: LlmError) -> Self {
        use LlmError as E;
        let code = match error {
            E::Refused(failure) => return failure,
            E::Db(error) => return error.into(),
            E::DbShared(error) => return error.into(),
            E::ProviderKeyUnsealable(_) => return Self::internal(error),
            E::ProviderInvalid { .. } => ErrorCode::ProviderInvalid,
            E::ProviderKeysOff => ErrorCode::ProviderKeysOff,
            E::InvalidCall { .. }
            | E::InvoiceInvalid { .. }
            | E::InvalidRequest { .. }
            | E::Untranslatable(_)
            | E::NoRouteApplies { .. } => ErrorCode::InvalidRequest,
            E::LimitExceeded(exceeded) => return (*exceeded).into(),
            E::LimitsUnavailable => {
                return Self::new(ErrorCode::Unavailable, error.to_string())
                    .retry_after(LIMITS_RETRY_AFTER);
            }
            E::ModelNotAllowed { .. } => ErrorCode::ModelNotAllowed,
            E::PriceUnknown { .. } => ErrorCode::PriceUnknown,
            E::LimitInvalid { .. } => ErrorCode::LimitInvalid,
            E::LimitExists { .. } => ErrorCode::LimitExists,
            E::NotAskable { ref source, .. } if matches!(**source, NotAskable::KeyUnreadable) => {
                ErrorCode::ProviderFailed
            }
            E::ProviderNotConfigured { .. } | E::NotAskable { .. } | E::ProviderRefused { .. } => {
                ErrorCode::ProviderNotConfigured
            }
            E::ModelNotFound { .. } => ErrorCode::ModelNotFound,
            E::ProviderFailed { .. }
            | E::ProviderCutOff { .. }
            | E::AnswerTooLarge { .. }
            | E::AnswerUnreadable { .. }
            | E::EmbeddingsUnreadable { .. }
            | E::ModelsUnreadable { .. } => ErrorCode::ProviderFailed,
            E::ProviderTimeout { .. } => ErrorCode::ProviderTimeout,
            E::BreakersOpen { retry_after, .. } => {
                return Self::new(ErrorCode::ProviderUnavailable, error.to_string())
                    .retry_after(retry_after);
            }
            E::ProviderBusy { .. } | E::GatewayBusy | E::UploadsBusy => {
                return Self::new(ErrorCode::Overloaded, error.to_string())
                    .retry_after(BUSY_RETRY_AFTER);
            }
            E::RoutesUnreadable(_) | E::CacheUnavailable(_) | E::Objects(_) | E::MediaOff => {
                ErrorCode::Unavailable
            }
            E::KeptUnreadable { .. } => ErrorCode::Internal,
            E::TooManyTails { .. } => {
                return Self::new(ErrorCode::Overloaded, error.to_string())
                    .retry_after(TAILS_RETRY_AFTER);
            }
            E::AddressNotValid => ErrorCode::Forbidden,
            E::MediaNotHere { .. }
            | E::RouteNotFound { .. }
            | E::TraceNotFound { .. }
            | E::ObservationNotFound { .. }
            | E::Missing { .. }
            | E::LimitNotFound { .. }
            | E::ProviderNotFound { .. }
            | E::GuardNotFound { .. }
            | E::PriceNotFound { .. } => ErrorCode::NotFound,
            E::Blocked(_) => ErrorCode::GuardrailBlocked,
            E::GuardInvalid { .. } => ErrorCode::GuardrailInvalid,
            E::GuardExists { .. } => ErrorCode::GuardrailExists,
            E::PriceInvalid { .. } => ErrorCode::PriceInvalid,
            E::RouteInvalid { .. } => ErrorCode::RouteInvalid,
            E::RouteChanged { .. } => ErrorCode::RouteChanged,
        };
        Self::new(code, error.to_string()).caused_by(error)
    }
}

impl From<Box<Blocked>> for LlmError {
    fn from(blocked: Box<Blocked>) -> Self {
        Self::Blocked(blocked)
    }
}
