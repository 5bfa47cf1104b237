//! A failure on its way to a caller: what every context's error enum becomes at the edge.

use std::{error::Error, fmt, ops::Deref, sync::Arc, time::Duration};

use serde_json::Value;

use super::{Category, ErrorCode, error_chain};

/// A code to match on, a sentence for a person, and what the operator's log needs. One pointer wide:
/// nearly every function can return one.
#[derive(Clone, Debug)]
pub struct Failure(Box<FailureParts>);

/// What a [`Failure`] says.
#[derive(Clone, Debug)]
pub struct FailureParts {
    pub code: ErrorCode,
    /// For the caller. Names what is wrong and what would be right; never carries a source's text.
    pub message: String,
    /// Structured facts for the caller, `Null` when there are none.
    pub details: Value,
    /// When the caller may try again.
    pub retry_after: Option<Duration>,
    /// Headers of the answer that tell a client's code more.
    pub headers: Vec<(&'static str, String)>,
    /// The cause: logged once at the edge, never sent.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Deref for Failure {
    type Target = FailureParts;

    fn deref(&self) -> &FailureParts {
        &self.0
    }
}

impl Failure {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(FailureParts {
            code,
            message: message.into(),
            details: Value::Null,
            retry_after: None,
            headers: Vec::new(),
            source: None,
        }))
    }

    /// A failure about which there is no more to say than its code does.
    pub fn of(code: ErrorCode) -> Self {
        Self::new(code, code.meaning())
    }

    /// Something the caller can do nothing about: the message on the wire is the code's meaning.
    pub fn internal(source: impl Error + Send + Sync + 'static) -> Self {
        Self::of(ErrorCode::Internal).caused_by(source)
    }

    #[must_use]
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.0.details = details;
        self
    }

    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    pub fn category(&self) -> Category {
        self.code.category()
    }

    /// Whether the same may succeed at another time: what is wrong is the moment, and not what was asked.
    pub fn may_be_retried(&self) -> bool {
        matches!(
            self.category(),
            Category::RateLimited
                | Category::Unavailable
                | Category::Timeout
                | Category::Upstream
                | Category::Internal
        ) && self.code != ErrorCode::InsufficientQuota
    }

    /// The chain of causes, outermost first, joined by `: `; `None` without a cause.
    pub fn causes(&self) -> Option<String> {
        self.source().map(error_chain)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
