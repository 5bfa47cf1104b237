//! How many calls may be under way at once, over all and to each provider.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Providers that places are kept of; more share one set of places.
const MAX_PROVIDERS: usize = 4096;
const THE_REST: &str = "*";

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    for_each: usize,
    by_provider: Arc<RwLock<HashMap<String, Arc<Semaphore>>>>,
}

impl Places {
    pub fn new(all: usize, for_each: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all.min(Semaphore::MAX_PERMITS))),
            for_each: for_each.min(Semaphore::MAX_PERMITS),
            by_provider: Arc::default(),
        }
    }

    /// A place for a call, held until its answer has ended. `None` when all are taken.
    pub fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).try_acquire_owned().ok()
    }

    /// A place at one provider, held until the try has ended.
    pub fn take_at(&self, provider: &str) -> Option<OwnedSemaphorePermit> {
        self.of(provider).try_acquire_owned().ok()
    }

    pub fn taken(&self, all: usize) -> usize {
        all.saturating_sub(self.all.available_permits())
    }

    fn of(&self, provider: &str) -> Arc<Semaphore> {
        let known = self
            .by_provider
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = known.get(provider) {
            return Arc::clone(places);
        }
        drop(known);
        let mut known = self
            .by_provider
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let name = if known.len() < MAX_PROVIDERS {
            provider
        } else {
            THE_REST
        };
        let new = || Arc::new(Semaphore::new(self.for_each));
        Arc::clone(known.entry(name.to_owned()).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_full_leaves_the_others_their_places() {
        let places = Places::new(3, 1);
        let _first = places.take_at("a").unwrap();
        assert!(places.take_at("a").is_none());
        assert!(places.take_at("b").is_some());
        let _calls = [places.take(), places.take(), places.take()].map(Option::unwrap);
        assert!(places.take().is_none());
        assert_eq!(places.taken(3), 3);
    }
}
