//! Reads an answer's body within a try's limits.

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::{self, Instant};

use crate::llm_integration::{LlmError, providers::Provider, routing::Policy};

/// The next chunk; `None` at the end.
///
/// # Errors
/// When the provider breaks off, is silent for too long, or the call's time is over.
pub(in super::super) async fn next_chunk(
    response: &mut Response,
    provider: &Provider,
    silence: time::Duration,
    deadline: Instant,
) -> Result<Option<Bytes>, LlmError> {
    let until = (Instant::now() + silence).min(deadline);
    match time::timeout_at(until, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(error)) => Err(LlmError::ProviderFailed {
            provider: provider.name.clone(),
            source: error.without_url(),
        }),
        Err(_) => Err(LlmError::ProviderTimeout {
            provider: provider.name.clone(),
            waited: silence,
        }),
    }
}

/// The whole body.
///
/// # Errors
/// As [`next_chunk`], and when it is larger than `limit` bytes.
pub(super) async fn whole(
    mut response: Response,
    provider: &Provider,
    policy: &Policy,
    (deadline, limit): (Instant, usize),
) -> Result<Bytes, LlmError> {
    let mut first: Option<Bytes> = None;
    let mut more = BytesMut::new();
    while let Some(chunk) =
        next_chunk(&mut response, provider, policy.idle_timeout, deadline).await?
    {
        let held = first.as_ref().map_or(0, Bytes::len) + more.len();
        if held + chunk.len() > limit {
            return Err(LlmError::AnswerTooLarge {
                provider: provider.name.clone(),
                limit,
            });
        }
        match &first {
            // Most answers come in one piece, which needs no copy.
            None => first = Some(chunk),
            Some(begin) => {
                if more.is_empty() {
                    more.extend_from_slice(begin);
                    first = Some(Bytes::new());
                }
                more.extend_from_slice(&chunk);
            }
        }
    }
    Ok(if more.is_empty() {
        first.unwrap_or_default()
    } else {
        more.freeze()
    })
}
