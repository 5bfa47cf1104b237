//! Failures in the words of the surface that a call came by.

use bytes::{Bytes, BytesMut};

use crate::{
    kernel::{Category, Failure},
    llm_integration::{
        dialects::{Dialect, EncodeContext, ErrorKind, ProviderError, chat::Event},
        surface,
    },
};

/// The event that tells of a failure in a stream that has begun.
pub(super) fn event(surface: Dialect, failure: &Failure) -> Bytes {
    if surface == Dialect::OpenAiChat {
        return format!("data: {}\n\n", surface::openai_error(failure, "")).into();
    }
    let mut error = ProviderError::new(kind_of(failure), 0, failure.message.clone());
    error.code = Some(failure.code.name().to_owned());
    let mut out = BytesMut::new();
    let mut encoder = surface.event_encoder(&EncodeContext::default());
    encoder.take(&Event::Error(error), &mut out);
    out.freeze()
}

fn kind_of(failure: &Failure) -> ErrorKind {
    match failure.category() {
        Category::Timeout => ErrorKind::Timeout,
        Category::RateLimited => ErrorKind::RateLimit,
        Category::Unavailable => ErrorKind::Overloaded,
        Category::Unauthenticated => ErrorKind::Authentication,
        Category::Forbidden => ErrorKind::Permission,
        Category::NotFound => ErrorKind::NotFound,
        Category::TooLarge => ErrorKind::TooLarge,
        Category::Internal | Category::Upstream => ErrorKind::Server,
        _ => ErrorKind::InvalidRequest,
    }
}
