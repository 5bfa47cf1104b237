//! What a call that was admitted holds back, until it says what it has used.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tracing::Instrument;

use super::{
    Actual, HeaderNames, Measure, Standing,
    inner::Inner,
    local::Deposit,
    model::{Claim, Counter, Keeping, MAX_AMOUNT, bounded},
    shared::Away,
    store::allowances,
};
use crate::kernel::error_chain;

/// Room that a call holds. Dropped without being settled it gives everything back: the call never
/// reached a provider.
#[must_use = "a reservation that is dropped gives back what it holds"]
pub struct Reservation {
    held: Option<Held>,
    standing: Standing,
}

/// Where room was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Local,
    Shared,
}

pub(super) struct Held {
    pub limits: Arc<Inner>,
    /// Names the call in Redis.
    pub id: String,
    pub claims: Vec<Claim>,
    pub place: Place,
}

/// What became of a call.
#[derive(Clone, Copy, Debug)]
enum Used {
    Nothing,
    Estimate,
    Actual(Actual),
}

impl Reservation {
    /// Of a call that no limit applies to.
    pub(super) fn free() -> Self {
        Self {
            held: None,
            standing: Standing::default(),
        }
    }

    pub(super) const fn of(held: Held, standing: Standing) -> Self {
        Self {
            held: Some(held),
            standing,
        }
    }

    /// Counts what the call has used, and gives the rest back. Returns when that is counted; a
    /// caller that stops waiting loses nothing.
    pub async fn settle(mut self, actual: Actual) {
        self.end_and_wait(Used::Actual(actual)).await;
    }

    /// Like [`Reservation::settle`], for those who can not wait.
    pub fn settle_soon(mut self, actual: Actual) {
        drop(self.end(Used::Actual(actual)));
    }

    /// Counts the estimate, where nobody knows what the call has used.
    pub async fn commit_estimate(mut self) {
        self.end_and_wait(Used::Estimate).await;
    }

    /// Like [`Reservation::commit_estimate`], for those who can not wait.
    pub fn commit_estimate_soon(mut self) {
        drop(self.end(Used::Estimate));
    }

    /// Headers of the call's answer: how far its caller is from the nearest limits.
    pub fn headers(&self, names: HeaderNames) -> Vec<(&'static str, String)> {
        self.standing.headers(names)
    }

    async fn end_and_wait(&mut self, used: Used) {
        if let Some(task) = self.end(used)
            && let Err(error) = task.await
        {
            tracing::error!(%error, "what a call used was not counted to the end");
        }
    }

    fn end(&mut self, used: Used) -> Option<JoinHandle<()>> {
        self.held.take()?.end(used)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        drop(self.end(Used::Nothing));
    }
}

impl Used {
    /// Of what a claim held.
    fn of(self, claim: &Claim) -> i64 {
        match (self, claim.counter.measure) {
            (Self::Nothing, _) => 0,
            (Self::Estimate, _) | (_, Measure::Requests(_) | Measure::ParallelRequests) => {
                claim.amount
            }
            (Self::Actual(actual), Measure::Tokens(_)) => bounded(actual.tokens),
            (Self::Actual(actual), Measure::Money(_)) => actual
                .cost
                .map_or(claim.amount, |cost| cost.nanos().clamp(0, MAX_AMOUNT)),
        }
    }
}

impl Held {
    /// What still has to be done elsewhere, in a task that nobody needs to wait for.
    fn end(self, used: Used) -> Option<JoinHandle<()>> {
        let Self {
            limits,
            id,
            claims,
            place,
        } = self;
        let back: Vec<i64> = claims
            .iter()
            .map(|claim| claim.amount - used.of(claim))
            .collect();
        let this = Arc::clone(&limits);
        if place == Place::Local {
            let balances = limits.local.settle(&claims, &back, limits.clock.now());
            let debts = debts(&claims, &balances);
            return (!debts.is_empty()).then(|| {
                let paying = async move { this.pay_debts(Place::Local, debts).await };
                limits
                    .tasks
                    .spawn_on(paying.in_current_span(), &limits.runtime)
            });
        }
        let settling = async move { this.settle_shared(&id, &claims, &back).await };
        Some(
            limits
                .tasks
                .spawn_on(settling.in_current_span(), &limits.runtime),
        )
    }
}

/// Balances below zero.
fn debts(claims: &[Claim], balances: &[i64]) -> Vec<(Counter, i64)> {
    let debts = claims
        .iter()
        .zip(balances)
        .filter(|(_, balance)| **balance < 0);
    debts
        .map(|(claim, balance)| (claim.counter.clone(), -balance))
        .collect()
}

impl Inner {
    async fn settle_shared(self: Arc<Self>, id: &str, claims: &[Claim], back: &[i64]) {
        let now = self.clock.now();
        self.running.ended(id);
        let settled = match &self.shared {
            Some(shared) => shared.settle(id, claims, back, now).await,
            None => Err(Away::NotAsked),
        };
        match settled {
            Ok(balances) => {
                let owed = debts(claims, &balances);
                self.pay_debts(Place::Shared, owed).await;
            }
            Err(away) => {
                // What is left of the estimate can be used from here, unless Redis may have taken
                // it back; what was used beyond it is owed in any case.
                let mut owed = Vec::new();
                for (claim, back) in claims.iter().zip(back) {
                    let ours = *back < 0 || away == Away::NotAsked;
                    if claim.counter.keeping() == Keeping::Balance && ours {
                        let deposit = Deposit {
                            amount: *back,
                            set_aside: 0,
                        };
                        self.local.deposit(&claim.counter, deposit, now);
                        let balance = self.local.peek(&claim.counter).n;
                        if balance < 0 {
                            owed.push((claim.counter.clone(), -balance));
                        }
                    }
                }
                self.pay_debts(Place::Local, owed).await;
            }
        }
    }

    /// Has the database set aside what calls used beyond their estimates. Until it has, the debt
    /// stays, and the counter's next call has to pay it.
    async fn pay_debts(self: Arc<Self>, place: Place, debts: Vec<(Counter, i64)>) {
        for (counter, debt) in debts {
            let of = counter.clone();
            let paid = self
                .db
                .write(move |conn| allowances::take_debt(conn, &of, debt))
                .await;
            match paid {
                Ok(deposit) => self.put(place, counter, deposit).await,
                Err(error) => {
                    let (counter, why) = (counter.to_string(), error_chain(&error));
                    tracing::warn!(
                        counter,
                        debt,
                        why,
                        "a call's cost beyond its estimate is not stored yet"
                    );
                }
            }
        }
    }

    async fn put(&self, place: Place, counter: Counter, deposit: Deposit) {
        let now = self.clock.now();
        match (place, &self.shared) {
            (Place::Shared, Some(shared)) => {
                let nothing = Claim {
                    counter,
                    amount: 0,
                    limit: 0,
                };
                // Where Redis does not answer, what was set aside counts as used.
                let _unused = shared.reserve("", &[nothing], &[deposit], now).await;
            }
            (Place::Shared, None) | (Place::Local, _) => {
                self.local.deposit(&counter, deposit, now);
            }
        }
    }
}
