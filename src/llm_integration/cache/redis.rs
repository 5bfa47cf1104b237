//! Answers in Redis, which every replica shares.
//!
//! A purge deletes nothing: each entry names the epoch of its project and of its namespace, a purge
//! begins another epoch, and Redis lets the old entries run out. One round trip reads the epochs
//! together with the entry.

use std::time::Duration;

use deadpool_redis::redis::{AsyncCommands, cmd};
use serde::{Deserialize, Serialize};

use super::{CacheKey, CachedAnswer, Namespace};
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::redis::{Redis, RedisError},
};

/// Longer than any entry lives, so that no entry outlives the epoch that made it old.
const EPOCH_SECONDS: u64 = 31 * 24 * 60 * 60;

/// The epochs in which an entry can be found, as they were read.
pub(super) type Epochs = String;

/// What stands before the body, on a line of its own.
#[derive(Deserialize, Serialize)]
struct Head {
    epochs: Epochs,
    provider: String,
    model: Option<String>,
    stored_at: Timestamp,
}

fn entry_name(key: &CacheKey) -> String {
    let hash = blake3::Hash::from_bytes(key.hash).to_hex();
    format!("kaname:cache:{}:{hash}", key.project)
}

fn epoch_name(project: ProjectId, namespace: Option<&Namespace>) -> String {
    match namespace {
        Some(name) => format!("kaname:cache-epoch:{project}:{}", name.as_str()),
        None => format!("kaname:cache-epoch:{project}"),
    }
}

pub(super) async fn get(
    redis: &Redis,
    key: &CacheKey,
) -> Result<(Option<CachedAnswer>, Epochs), RedisError> {
    let names = [
        epoch_name(key.project, None),
        epoch_name(key.project, Some(&key.namespace)),
        entry_name(key),
    ];
    let mut conn = redis.connection().await?;
    let (project, namespace, entry): (Option<String>, Option<String>, Option<Vec<u8>>) =
        conn.mget(&names).await?;
    let epochs = format!(
        "{}.{}",
        project.unwrap_or_default(),
        namespace.unwrap_or_default()
    );
    let answer = entry.and_then(|entry| decode(&entry, &epochs));
    Ok((answer, epochs))
}

pub(super) async fn put(
    redis: &Redis,
    key: &CacheKey,
    epochs: Epochs,
    answer: &CachedAnswer,
    ttl: Duration,
) -> Result<(), RedisError> {
    let head = Head {
        epochs,
        provider: answer.provider.clone(),
        model: answer.model.clone(),
        stored_at: answer.stored_at,
    };
    let Ok(mut entry) = serde_json::to_vec(&head) else {
        return Ok(());
    };
    entry.push(b'\n');
    entry.extend_from_slice(&answer.body);
    let mut conn = redis.connection().await?;
    let seconds = ttl.as_secs().max(1);
    Ok(conn.set_ex(entry_name(key), entry, seconds).await?)
}

/// `epoch` was never used before.
pub(super) async fn purge(
    redis: &Redis,
    project: ProjectId,
    namespace: Option<&Namespace>,
    epoch: &str,
) -> Result<(), RedisError> {
    let mut conn = redis.connection().await?;
    Ok(cmd("SET")
        .arg(epoch_name(project, namespace))
        .arg(epoch)
        .arg("EX")
        .arg(EPOCH_SECONDS)
        .query_async(&mut conn)
        .await?)
}

/// `None` for an entry of another epoch, or one that a later version wrote.
fn decode(entry: &[u8], epochs: &str) -> Option<CachedAnswer> {
    let end = entry.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(&entry[..end]).ok()?;
    (head.epochs == epochs).then(|| CachedAnswer {
        body: entry[end + 1..].to_vec().into(),
        provider: head.provider,
        model: head.model,
        stored_at: head.stored_at,
    })
}
