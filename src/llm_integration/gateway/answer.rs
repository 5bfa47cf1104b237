//! What a caller gets.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream::BoxStream;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::llm_integration::providers::WholeAnswer;

/// The call's trace.
pub(super) const TRACE_ID: &str = "x-kaname-trace-id";
/// The provider that answered.
pub(super) const PROVIDER: &str = "x-kaname-provider";
/// The model as that provider knows it.
pub(super) const MODEL: &str = "x-kaname-model";
/// Tries made, over all targets.
pub(super) const ATTEMPTS: &str = "x-kaname-attempts";
/// Names of fields that were left out because the provider can not take them.
pub(super) const DROPPED: &str = "x-kaname-dropped-params";
/// `hit` or `miss`, where the cache was asked.
pub(super) const CACHE: &str = "x-kaname-cache";

/// The provider's answer, or ours in its place.
pub struct Answer {
    pub status: u16,
    /// The provider's, as far as they are passed on.
    pub headers: HeaderMap,
    /// Ours.
    pub about: Vec<(&'static str, String)>,
    pub body: AnswerBody,
}

pub enum AnswerBody {
    Whole(Bytes),
    /// Dropping it cancels the provider's call.
    Stream(BoxStream<'static, Result<Bytes, Infallible>>),
}

impl From<WholeAnswer> for Answer {
    fn from(answer: WholeAnswer) -> Self {
        let WholeAnswer {
            status,
            headers,
            body,
        } = answer;
        Self {
            status,
            headers,
            about: Vec::new(),
            body: AnswerBody::Whole(body),
        }
    }
}

/// The headers of an answer whose body we write: what says how a body is to be read is ours.
pub(super) fn retold(mut headers: HeaderMap, content_type: &'static str) -> HeaderMap {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers
}
