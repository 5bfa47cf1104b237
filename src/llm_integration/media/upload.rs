//! Takes in a content as its bytes come, and keeps it only if it is what was announced.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256 as Hasher};
use tokio::time;

use super::Sha256;
use crate::{llm_integration::LlmError, platform::objects::Objects};

/// The longest silence within an upload.
const IDLE: Duration = Duration::from_secs(30);

/// What was announced.
pub(super) struct Expected {
    pub bytes: u64,
    pub sha256: Sha256,
}

/// Writes the object, if `body` is what was announced; nothing is left of any other.
pub(super) async fn receive<E: Error>(
    objects: &Objects,
    key: &str,
    expected: &Expected,
    body: impl Stream<Item = Result<Bytes, E>>,
) -> Result<(), LlmError> {
    let (mut body, mut writer) = (std::pin::pin!(body), objects.writer(key));
    let (mut hasher, mut bytes) = (Hasher::new(), 0_u64);
    while let Some(part) = next(&mut body).await? {
        bytes += part.len() as u64;
        if bytes > expected.bytes {
            return Err(mismatch(format!(
                "it has more than the {} bytes that were announced",
                expected.bytes
            )));
        }
        hasher.update(&part);
        writer.write(part).await?;
    }
    if bytes < expected.bytes {
        return Err(mismatch(format!(
            "it has {bytes} bytes, not the {} that were announced",
            expected.bytes
        )));
    }
    let sha256 = Sha256::of(&hasher.finalize());
    if sha256 != expected.sha256 {
        return Err(mismatch(format!(
            "its SHA-256 is {}, not {}, which was announced",
            sha256.as_str(),
            expected.sha256.as_str()
        )));
    }
    Ok(writer.finish().await?)
}

async fn next<E: Error>(
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
) -> Result<Option<Bytes>, LlmError> {
    match time::timeout(IDLE, body.next()).await {
        Ok(part) => part
            .transpose()
            .map_err(|error| mismatch(format!("it broke off: {error}"))),
        Err(_) => Err(mismatch(format!("nothing came for {} s", IDLE.as_secs()))),
    }
}

pub(super) fn mismatch(why: impl Into<String>) -> LlmError {
    LlmError::InvalidRequest {
        what: format!("the content is refused: {}", why.into()),
    }
}
