//! Answers in the memory of this process, bounded by their bytes: where there is no Redis.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};

use super::{CacheKey, CachedAnswer, Namespace, Slot};
use crate::kernel::ProjectId;

/// What an entry takes beside its body, in bytes.
const ENTRY_BYTES: usize = 300;

#[derive(Clone)]
pub(super) struct Memory {
    answers: Cache<CacheKey, (CachedAnswer, Duration)>,
    purges: Arc<AtomicU64>,
}

struct OwnTtl;

impl Expiry<CacheKey, (CachedAnswer, Duration)> for OwnTtl {
    fn expire_after_create(
        &self,
        _: &CacheKey,
        (_, ttl): &(CachedAnswer, Duration),
        _: Instant,
    ) -> Option<Duration> {
        Some(*ttl)
    }

    fn expire_after_update(
        &self,
        _: &CacheKey,
        (_, ttl): &(CachedAnswer, Duration),
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(*ttl)
    }
}

impl Memory {
    pub fn new(bytes: u64) -> Self {
        let weight = |_: &CacheKey, (answer, _): &(CachedAnswer, Duration)| {
            u32::try_from(answer.body.len() + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        let answers = Cache::builder()
            .max_capacity(bytes)
            .weigher(weight)
            .expire_after(OwnTtl)
            .support_invalidation_closures()
            .build();
        Self {
            answers,
            purges: Arc::default(),
        }
    }

    pub async fn get(&self, key: &CacheKey) -> Option<CachedAnswer> {
        self.answers.get(key).await.map(|(answer, _)| answer)
    }

    /// Passes with every purge, of whatever.
    pub fn epoch(&self) -> String {
        self.purges.load(Ordering::SeqCst).to_string()
    }

    pub async fn put(&self, slot: Slot, answer: CachedAnswer, ttl: Duration) {
        if slot.epochs == self.epoch() {
            self.answers.insert(slot.key, (answer, ttl)).await;
        }
    }

    /// Entries that were stored before are not found any more.
    pub fn purge(&self, project: ProjectId, namespace: Option<Namespace>) {
        self.purges.fetch_add(1, Ordering::SeqCst);
        let purged = move |key: &CacheKey, _: &(CachedAnswer, Duration)| {
            key.project == project && namespace.as_ref().is_none_or(|name| *name == key.namespace)
        };
        // The cache was built to support this.
        if self.answers.invalidate_entries_if(purged).is_err() {
            self.answers.invalidate_all();
        }
    }
}
