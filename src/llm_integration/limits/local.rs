//! Counters in this process: all there is in the embedded default, and what is left without Redis.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::model::{Claim, Counter, Keeping};
use crate::kernel::{ProjectId, Timestamp};

/// Projects that are counted independently of each other.
const SHARDS: usize = 32;

/// What was found at a counter when a call asked it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// What was used (count), is left of what was set aside (balance), or runs (slots).
    pub n: i64,
    /// What of it calls in progress hold back.
    pub reserved: i64,
    /// What the database has set aside, as far as is known here; 0 where nothing is known.
    pub set_aside: i64,
}

/// The answer to a call that asked its counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub admitted: bool,
    /// Of each claim, before the call was admitted.
    pub found: Vec<Found>,
}

/// What the database set aside for a counter just now, and in all; 0 in all where that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Deposit {
    pub amount: i64,
    pub set_aside: i64,
}

impl Found {
    /// Whether a claim fits.
    pub fn has_room(&self, claim: &Claim) -> bool {
        match claim.counter.keeping() {
            Keeping::Slots => self.n + claim.amount <= claim.limit,
            Keeping::Count => claim.amount == 0 || self.n + claim.amount <= claim.limit,
            // More can be set aside than the limit: calls can cost more than they held back.
            Keeping::Balance => {
                claim.amount == 0
                    || (self.n >= claim.amount
                        && self.set_aside > 0
                        && self.set_aside - self.n + claim.amount <= claim.limit)
            }
        }
    }

    /// How much of the limit is left.
    pub fn remaining(&self, claim: &Claim) -> i64 {
        match claim.counter.keeping() {
            Keeping::Slots | Keeping::Count => claim.limit - self.n,
            Keeping::Balance => claim.limit - self.set_aside + self.n,
        }
    }
}

/// Counters by project. No lock is held across an await, and every operation is one step.
#[derive(Default)]
pub(super) struct LocalCounters {
    shards: [Mutex<HashMap<Counter, Kept>>; SHARDS],
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    found: Found,
    touched: Timestamp,
}

impl LocalCounters {
    fn of(&self, project: ProjectId) -> MutexGuard<'_, HashMap<Counter, Kept>> {
        let shard = usize::try_from(self.hasher.hash_one(project) % SHARDS as u64).unwrap_or(0);
        self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks every counter of a call at once: all have room and hold it back, or none does.
    /// `deposits` are made first, whether there is room then or not.
    pub fn reserve(&self, claims: &[Claim], deposits: &[Deposit], now: Timestamp) -> Attempt {
        let Some(first) = claims.first() else {
            return Attempt {
                admitted: true,
                found: Vec::new(),
            };
        };
        let mut counters = self.of(first.counter.project);
        let mut found = Vec::with_capacity(claims.len());
        for (at, claim) in claims.iter().enumerate() {
            if let Some(deposit) = deposits.get(at).filter(|deposit| deposit.set_aside != 0) {
                let kept = entry(&mut counters, &claim.counter, now);
                kept.found.n += deposit.amount;
                kept.found.set_aside = deposit.set_aside;
            }
            found.push(
                counters
                    .get(&claim.counter)
                    .map(|kept| kept.found)
                    .unwrap_or_default(),
            );
        }
        let admitted = found
            .iter()
            .zip(claims)
            .all(|(found, claim)| found.has_room(claim));
        if admitted {
            for claim in claims {
                let kept = entry(&mut counters, &claim.counter, now);
                match claim.counter.keeping() {
                    Keeping::Balance => kept.found.n -= claim.amount,
                    Keeping::Count | Keeping::Slots => kept.found.n += claim.amount,
                }
                kept.found.reserved += claim.amount;
            }
        }
        Attempt { admitted, found }
    }

    /// Ends a reservation: `back` of each claim was held and not used; where it is negative, more was
    /// used than was held. Returns what each balance is then: a negative one is a debt.
    pub fn settle(&self, claims: &[Claim], back: &[i64], now: Timestamp) -> Vec<i64> {
        let Some(first) = claims.first() else {
            return Vec::new();
        };
        let mut counters = self.of(first.counter.project);
        let settled = claims.iter().zip(back).map(|(claim, back)| {
            let kept = entry(&mut counters, &claim.counter, now);
            kept.found.reserved = (kept.found.reserved - claim.amount).max(0);
            match claim.counter.keeping() {
                Keeping::Balance => {
                    kept.found.n += back;
                    return kept.found.n;
                }
                Keeping::Count => kept.found.n = (kept.found.n - back).max(0),
                Keeping::Slots => kept.found.n = (kept.found.n - claim.amount).max(0),
            }
            0
        });
        settled.collect()
    }

    /// Puts money, or a debt, into a balance.
    pub fn deposit(&self, counter: &Counter, deposit: Deposit, now: Timestamp) {
        let mut counters = self.of(counter.project);
        let kept = entry(&mut counters, counter, now);
        kept.found.n += deposit.amount;
        if deposit.set_aside != 0 {
            kept.found.set_aside = deposit.set_aside;
        }
    }

    pub fn peek(&self, counter: &Counter) -> Found {
        let counters = self.of(counter.project);
        counters
            .get(counter)
            .map(|kept| kept.found)
            .unwrap_or_default()
    }

    /// Takes what is left of balances that nothing touched since `idle_since`, and forgets every
    /// counter that says nothing any more.
    pub fn sweep(&self, idle_since: Timestamp, now: Timestamp) -> Vec<(Counter, i64)> {
        let mut taken = Vec::new();
        for shard in &self.shards {
            let mut counters = shard.lock().unwrap_or_else(PoisonError::into_inner);
            counters.retain(|counter, kept| {
                if kept.touched > idle_since {
                    return true;
                }
                let ended = counter.ends_at().is_some_and(|end| end <= now);
                match counter.keeping() {
                    Keeping::Count => !ended,
                    Keeping::Slots => kept.found.n > 0,
                    Keeping::Balance => {
                        if kept.found.n > 0 {
                            taken.push((counter.clone(), std::mem::take(&mut kept.found.n)));
                        }
                        kept.found.n < 0 || (kept.found.reserved > 0 && !ended)
                    }
                }
            });
        }
        taken.sort_unstable();
        taken
    }
}

fn entry<'a>(
    counters: &'a mut HashMap<Counter, Kept>,
    counter: &Counter,
    now: Timestamp,
) -> &'a mut Kept {
    if !counters.contains_key(counter) {
        let found = Found::default();
        counters.insert(
            counter.clone(),
            Kept {
                found,
                touched: now,
            },
        );
    }
    let kept = counters.get_mut(counter).expect("it was inserted");
    kept.touched = now;
    kept
}
