//! Errors of providers, in one vocabulary.

use serde_json::{Map, Value};

/// What kind of error; each dialect has a status and a word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    InvalidRequest,
    Authentication,
    Permission,
    Billing,
    NotFound,
    Conflict,
    TooLarge,
    /// The prompt is longer than the model can read.
    ContextLength,
    RateLimit,
    /// The account's money or quota is spent: trying again does not help.
    Quota,
    Overloaded,
    Timeout,
    Server,
}

/// A provider's refusal or failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError {
    pub kind: ErrorKind,
    /// Of the provider's answer; 0 in the middle of a stream.
    pub status: u16,
    pub message: String,
    /// The provider's own word for it.
    pub code: Option<String>,
    /// The field at fault, where the provider says.
    pub param: Option<String>,
}

impl ErrorKind {
    /// What a status says where the body does not.
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::Server,
        }
    }

    /// Whether another try, here or elsewhere, can succeed.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimit | Self::Overloaded | Self::Timeout | Self::Server | Self::Conflict
        )
    }
}

impl ProviderError {
    pub fn new(kind: ErrorKind, status: u16, message: impl Into<String>) -> Self {
        Self {
            kind,
            status,
            message: message.into(),
            code: None,
            param: None,
        }
    }

    pub const fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }
}

/// Characters of a body that is no error of its dialect, kept as the message.
const SHOWN_CHARS: usize = 500;

/// An error whose body is not one of the dialect: a proxy's, or another form.
pub(super) fn of_unknown_body(status: u16, body: &[u8]) -> ProviderError {
    let fields: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let nested = |value: &Value| text(value).or_else(|| text(value.get("message")?));
    let said = ["message", "error", "detail", "Message"]
        .iter()
        .find_map(|name| nested(fields.get(*name)?));
    let message = said.unwrap_or_else(|| {
        let shown: String = String::from_utf8_lossy(body)
            .chars()
            .take(SHOWN_CHARS)
            .collect();
        if shown.trim().is_empty() {
            format!("the provider answered with the status {status} and no body")
        } else {
            shown
        }
    });
    ProviderError::new(ErrorKind::of_status(status), status, message)
}
