//! A try that failed: why, and what is told to the caller if it was the last.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::header::HeaderMap;

use crate::llm_integration::{
    LlmError,
    dialects::{Dialect, ErrorKind, ProviderError},
    providers::Provider,
    routing::FailureClass,
};

pub(in super::super) struct Failed {
    pub class: FailureClass,
    pub status: Option<u16>,
    pub retry_after: Option<Duration>,
    pub cause: Cause,
}

pub(in super::super) enum Cause {
    /// The provider refused, or told of its own failure.
    Answer(Box<Refusal>),
    /// There was no answer.
    Error(LlmError),
}

/// A provider's answer that says no.
pub(in super::super) struct Refusal {
    pub provider: Arc<Provider>,
    pub dialect: Dialect,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Whether headers and body can be passed on as they are to who speaks the dialect.
    pub is_whole: bool,
    /// What it says, in words that every surface has.
    pub error: ProviderError,
}

impl Failed {
    pub fn of_refusal(refusal: Refusal, retry_after: Option<Duration>) -> Self {
        Self {
            class: class_of(&refusal.error, refusal.status),
            status: Some(refusal.status),
            retry_after,
            cause: Cause::Answer(Box::new(refusal)),
        }
    }

    pub fn of_class(class: FailureClass, error: LlmError) -> Self {
        Self {
            class,
            status: None,
            retry_after: None,
            cause: Cause::Error(error),
        }
    }

    /// Whether the provider was reached, so that what it said is worth more than why another was not.
    pub const fn is_of_provider(&self) -> bool {
        !matches!(
            self.class,
            FailureClass::BreakerOpen | FailureClass::Busy | FailureClass::Untranslatable
        )
    }

    /// One line for traces.
    pub fn message(&self) -> String {
        match &self.cause {
            Cause::Answer(refusal) => refusal.error.message.clone(),
            Cause::Error(error) => error.to_string(),
        }
    }
}

impl From<LlmError> for Failed {
    fn from(error: LlmError) -> Self {
        use FailureClass as C;
        use LlmError as E;
        let class = match &error {
            E::ProviderTimeout { .. } => C::Timeout,
            E::ProviderFailed { source, .. } if source.is_body() || source.is_decode() => {
                C::Unreadable
            }
            E::ProviderFailed { .. } => C::Connect,
            E::ProviderCutOff { .. }
            | E::AnswerTooLarge { .. }
            | E::AnswerUnreadable { .. }
            | E::EmbeddingsUnreadable { .. } => C::Unreadable,
            E::Untranslatable(_) | E::NotAskable { .. } => C::Untranslatable,
            E::ProviderNotConfigured { .. } | E::ModelNotFound { .. } => C::NotFound,
            E::Db(_) => C::ServerError,
            _ => C::InvalidRequest,
        };
        Self::of_class(class, error)
    }
}

/// What the body says counts before the status: vendors use 400 for too long an input.
fn class_of(error: &ProviderError, status: u16) -> FailureClass {
    match error.kind {
        ErrorKind::ContextLength => FailureClass::ContextLength,
        ErrorKind::RateLimit => FailureClass::RateLimited,
        ErrorKind::Overloaded | ErrorKind::Server => FailureClass::ServerError,
        ErrorKind::Timeout => FailureClass::Timeout,
        ErrorKind::NotFound => FailureClass::NotFound,
        ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::Billing => {
            FailureClass::Auth
        }
        // Trying again does not help, but going on does.
        ErrorKind::Quota => FailureClass::Auth,
        _ if is_content_filter(error) => FailureClass::ContentFilter,
        _ => FailureClass::of_status(status).unwrap_or(FailureClass::ServerError),
    }
}

/// OpenAI and Azure say `content_filter` or `content_policy_violation`.
fn is_content_filter(error: &ProviderError) -> bool {
    error
        .code
        .as_deref()
        .is_some_and(|code| code.starts_with("content_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_says_more_than_the_status() {
        use FailureClass as C;

        let class = |kind, code: Option<&str>, status| {
            let mut error = ProviderError::new(kind, status, "");
            error.code = code.map(str::to_owned);
            class_of(&error, status)
        };
        assert_eq!(class(ErrorKind::ContextLength, None, 400), C::ContextLength);
        assert_eq!(
            class(ErrorKind::InvalidRequest, Some("content_filter"), 400),
            C::ContentFilter
        );
        assert_eq!(
            class(ErrorKind::InvalidRequest, None, 422),
            C::InvalidRequest
        );
        assert_eq!(class(ErrorKind::Quota, None, 429), C::Auth);
        assert_eq!(class(ErrorKind::Overloaded, None, 529), C::ServerError);
        assert_eq!(class(ErrorKind::Conflict, None, 409), C::ServerError);
    }
}
