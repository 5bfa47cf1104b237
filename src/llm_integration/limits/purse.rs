//! How much a process asks the database to set aside at a time: about a second of what it uses.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, MutexGuard};

use super::model::{Claim, Counter};
use crate::kernel::ProjectId;

/// Projects for which the database can be asked at once.
const SHARDS: usize = 64;
/// Calls that what is set aside lasts for, where nothing is known of their pace.
const CALLS_AHEAD: i64 = 8;
/// Asked again within this time, twice as much is asked for.
const SOON: Duration = Duration::from_secs(1);
/// The largest part of a limit that is set aside in one step: what a crash can make useless.
const LARGEST_PART: i64 = 32;

/// What was last asked for each counter. Its lock makes one call of a project ask for all that wait.
#[derive(Default)]
pub(super) struct Purses {
    shards: Vec<Mutex<Asked>>,
    hasher: RandomState,
}

#[derive(Default)]
pub(super) struct Asked(HashMap<Counter, Last>);

#[derive(Clone, Copy)]
struct Last {
    amount: i64,
    at: Instant,
}

impl Purses {
    pub fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    pub async fn lock(&self, project: ProjectId) -> MutexGuard<'_, Asked> {
        let shard = usize::try_from(self.hasher.hash_one(project) % SHARDS as u64).unwrap_or(0);
        self.shards[shard].lock().await
    }

    /// Forgets the counters that nothing was asked for since `idle` ago, and says which they are.
    pub async fn forget(&self, idle: Duration) -> Vec<Counter> {
        let mut forgotten = Vec::new();
        for shard in &self.shards {
            shard.lock().await.0.retain(|counter, last| {
                let idles = last.at.elapsed() >= idle;
                if idles {
                    forgotten.push(counter.clone());
                }
                !idles
            });
        }
        forgotten.sort_unstable();
        forgotten
    }
}

impl Asked {
    /// How much to ask for, for a claim that finds too little.
    pub fn wish(&mut self, claim: &Claim) -> i64 {
        let most = (claim.limit / LARGEST_PART).max(claim.amount);
        let ahead = claim.amount.saturating_mul(CALLS_AHEAD);
        let now = Instant::now();
        let last = self.0.get(&claim.counter);
        let wish = match last.filter(|last| now.duration_since(last.at) < SOON) {
            Some(last) => last.amount.saturating_mul(2).max(ahead),
            None => ahead,
        };
        let amount = wish.min(most);
        let last = Last { amount, at: now };
        self.0.insert(claim.counter.clone(), last);
        amount
    }
}
