//! Counts fetches without a write for each: in memory, added to the database from time to time.
//!
//! What was counted since the last flush is lost when the process is killed; a statistic bears it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::model::VersionId;

/// Fetches of this process that the database does not know of. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct UsageCounters(Arc<Mutex<HashMap<VersionId, Arc<AtomicU64>>>>);

impl UsageCounters {
    /// The counter of a version, shared by everybody who asks for it.
    pub fn of(&self, version: VersionId) -> Arc<AtomicU64> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(counters.entry(version).or_default())
    }

    /// Takes every count that is not zero, in the order of the ids, so that two processes that
    /// write at once lock rows in the same order. Counters that nobody else holds are dropped.
    pub fn take(&self) -> Vec<(VersionId, i64)> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: Vec<_> = counters
            .iter()
            .map(|(version, count)| (*version, count.swap(0, Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .map(|(version, count)| (version, i64::try_from(count).unwrap_or(i64::MAX)))
            .collect();
        counters
            .retain(|_, count| Arc::strong_count(count) > 1 || count.load(Ordering::Relaxed) > 0);
        taken.sort_unstable();
        taken
    }

    /// Gives counts back that could not be written.
    pub fn give_back(&self, counts: Vec<(VersionId, i64)>) {
        for (version, count) in counts {
            self.of(version)
                .fetch_add(count.unsigned_abs(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Id;

    #[test]
    fn a_count_is_taken_once_and_can_be_given_back() {
        let counters = UsageCounters::default();
        let (one, two) = (Id::from_name("one"), Id::from_name("two"));
        let held = counters.of(one);
        held.fetch_add(2, Ordering::Relaxed);
        counters.of(one).fetch_add(1, Ordering::Relaxed);
        counters.of(two);
        assert_eq!(counters.take(), [(one, 3)]);
        assert_eq!(counters.take(), []);
        counters.give_back(vec![(one, 3)]);
        held.fetch_add(1, Ordering::Relaxed);
        assert_eq!(counters.take(), [(one, 4)]);
        drop(held);
        assert_eq!(counters.take(), []);
        assert!(
            counters.0.lock().unwrap().is_empty(),
            "what nobody holds is dropped"
        );
    }
}
