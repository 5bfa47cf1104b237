//! Errors of providers, in one vocabulary.

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
