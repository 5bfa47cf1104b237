//! Answers in the memory of this process, bounded by their bytes: where there is no Redis.

use std::time::{Duration, Instant};

use moka::{Expiry, sync::Cache};

use super::{CacheKey, CachedAnswer, Namespace};
use crate::kernel::ProjectId;

/// What an entry takes beside its body, in bytes.
const ENTRY_BYTES: usize = 300;

#[derive(Clone)]
pub(super) struct Memory {
    answers: Cache<CacheKey, (CachedAnswer, Duration)>,
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
        Self { answers }
    }

    pub fn get(&self, key: &CacheKey) -> Option<CachedAnswer> {
        self.answers.get(key).map(|(answer, _)| answer)
    }

    pub fn put(&self, key: CacheKey, answer: CachedAnswer, ttl: Duration) {
        self.answers.insert(key, (answer, ttl));
    }

    /// Entries that were stored before are not found any more.
    pub fn purge(&self, project: ProjectId, namespace: Option<Namespace>) {
        let purged = move |key: &CacheKey, _: &(CachedAnswer, Duration)| {
            key.project == project && namespace.as_ref().is_none_or(|name| *name == key.namespace)
        };
        // The cache was built to support this.
        if self.answers.invalidate_entries_if(purged).is_err() {
            self.answers.invalidate_all();
        }
    }
}
