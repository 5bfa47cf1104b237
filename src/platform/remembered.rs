//! Values that many requests share: from memory when they are there, else loaded once for all who ask.

use std::{future::Future, hash::Hash, sync::Arc};

use moka::future::Cache;

/// The entry of `key`, or what `load` gives; of those who miss at once, one loads and all get the same.
///
/// Most callers find the entry. For them the loading is not even made: its future is large, and every
/// future around it would be as large as it is.
///
/// # Errors
/// What `load` failed with; nothing is kept then.
pub async fn get_or_load<K, V, E, F>(
    cache: &Cache<K, V>,
    key: K,
    load: impl FnOnce() -> F,
) -> Result<V, Arc<E>>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
    F: Future<Output = Result<V, E>>,
{
    if let Some(known) = cache.get(&key).await {
        return Ok(known);
    }
    Box::pin(cache.try_get_with(key, load())).await
}
