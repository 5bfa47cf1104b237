//! What all clones of [`Limits`](super::Limits) share, and what has to be done from time to time.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    LimitsSettings,
    local::{Deposit, LocalCounters},
    model::{Claim, Counter, Keeping},
    purse::Purses,
    rules::Rules,
    settings::WhenRedisIsDown,
    shared::{LEASE, SharedCounters},
    store::allowances,
};
use crate::{
    kernel::{Clock, error_chain},
    platform::{
        db::{Db, DbError},
        redis::Redis,
    },
};

/// Between two renewals of leases: a lease survives two that fail.
const TICK: Duration = Duration::from_secs(LEASE.as_secs() / 3);
/// After this time what is set aside for a counter that nobody uses goes back.
const IDLE: Duration = Duration::from_mins(1);
/// Ticks between two removals of old rows (about ten minutes).
const REMOVE_EVERY: u32 = 60;
/// How long the row of a window outlives it.
const KEEP_ENDED: Duration = Duration::from_hours(24);

pub(super) struct Inner {
    pub db: Db,
    pub clock: Clock,
    pub local: LocalCounters,
    /// `None` without Redis.
    pub shared: Option<SharedCounters>,
    pub rules: Rules,
    pub purses: Purses,
    pub running: Running,
    pub tasks: TaskTracker,
    /// Where reservations are settled whose call has gone away.
    pub runtime: Handle,
    pub when_redis_is_down: WhenRedisIsDown,
    pub default_output_tokens: u64,
}

/// Calls whose places among those that run at once are kept in Redis.
#[derive(Default)]
pub(super) struct Running(Mutex<HashMap<String, Vec<Counter>>>);

impl Running {
    pub fn started(&self, id: &str, claims: &[Claim]) {
        let slots: Vec<Counter> = claims
            .iter()
            .map(|claim| &claim.counter)
            .filter(|counter| counter.keeping() == Keeping::Slots)
            .cloned()
            .collect();
        if !slots.is_empty() {
            let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            running.insert(id.to_owned(), slots);
        }
    }

    pub fn ended(&self, id: &str) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(id);
    }

    fn all(&self) -> Vec<(String, Counter)> {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = running.iter().flat_map(|(id, counters)| {
            counters.iter().map(|counter| (id.clone(), counter.clone()))
        });
        slots.collect()
    }
}

impl Inner {
    pub fn new(db: Db, clock: Clock, redis: Option<Redis>, settings: &LimitsSettings) -> Self {
        Self {
            local: LocalCounters::default(),
            shared: redis.map(SharedCounters::new),
            rules: Rules::new(db.clone()),
            purses: Purses::new(),
            running: Running::default(),
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
            when_redis_is_down: settings.when_redis_is_down,
            default_output_tokens: settings.default_output_tokens,
            db,
            clock,
        }
    }

    /// Renews leases, gives back what idles, removes what is old, until `stop`; then gives back
    /// everything.
    pub async fn keep(&self, stop: CancellationToken) {
        let mut ticks: u32 = 0;
        while stop.run_until_cancelled(time::sleep(TICK)).await.is_some() {
            self.renew_leases().await;
            self.give_back_unused(IDLE).await;
            if ticks.is_multiple_of(REMOVE_EVERY) {
                self.remove_ended().await;
            }
            ticks = ticks.wrapping_add(1);
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.give_back_unused(Duration::ZERO).await;
    }

    async fn renew_leases(&self) {
        let running = self.running.all();
        if let Some(shared) = self.shared.as_ref().filter(|_| !running.is_empty()) {
            // What failed is in the log; the next tick tries again.
            let _logged = shared.renew(&running, self.clock.now()).await;
        }
    }

    /// Gives back what is set aside for counters that this process did not ask for since `idle` ago.
    pub async fn give_back_unused(&self, idle: Duration) {
        let now = self.clock.now();
        let mut unused = self.local.sweep(now.minus(idle), now);
        let local = unused.len();
        let forgotten = self.purses.forget(idle).await;
        if let Some(shared) = &self.shared {
            for counter in forgotten {
                match shared.drain(&counter).await {
                    Ok(0) => {}
                    Ok(amount) => unused.push((counter, amount)),
                    Err(_) => break,
                }
            }
        }
        for (at, (counter, amount)) in unused.into_iter().enumerate() {
            let of = counter.clone();
            let given = self
                .db
                .write(move |conn| allowances::give_back(conn, &of, amount))
                .await;
            if let Err::<(), DbError>(error) = given {
                let why = error_chain(&error);
                tracing::debug!(why, "what is set aside for a counter was not given back");
                if at < local {
                    let deposit = Deposit {
                        amount,
                        set_aside: 0,
                    };
                    self.local.deposit(&counter, deposit, now);
                }
            }
        }
    }

    async fn remove_ended(&self) {
        let before = self.clock.now().minus(KEEP_ENDED);
        let removed = self
            .db
            .write(move |conn| allowances::remove_ended(conn, before))
            .await;
        if let Err::<usize, DbError>(error) = removed {
            let error = &error as &dyn Error;
            tracing::debug!(error, "the rows of ended windows were not removed");
        }
    }
}
