//! How a call gets room: in one step where its counters have it, else after asking the database.
//!
//! A counter that outlives its process is a balance: what the database has set aside for it and
//! nobody has used. A call takes its estimate from the balance; where that does not suffice, the
//! database sets aside more, up to the limit, and only then the call is admitted. So at every moment
//!
//! ```text
//! used + held back <= set aside (committed) <= limit, but for calls that cost more than they held back
//! ```
//!
//! whatever dies: what a crash of this process or of Redis makes forget is what was set aside and
//! not used, about a second of spending. It counts as used until the window ends. The other way
//! round, one thing can be forgotten: by how much a call's cost exceeded its estimate, if the process
//! dies before [`Inner::pay_debts`] has committed that.

use std::sync::Arc;

use tracing::Instrument;

use super::{
    LimitExceeded, Reservation, Standing,
    inner::Inner,
    local::{Attempt, Deposit},
    model::{Claim, Keeping},
    reservation::{Held, Place},
    settings::WhenRedisIsDown,
    shared::Away,
    store::allowances::{self, Ask, Refused},
};
use crate::{kernel::Timestamp, llm_integration::LlmError};

/// Rounds in which other processes may use what was set aside for a call before it does.
const ROUNDS: usize = 16;

/// Why a call was not admitted at a place.
enum NoRoom {
    Away,
    Refused(LlmError),
}

impl From<Away> for NoRoom {
    fn from(_: Away) -> Self {
        // If the call was admitted there all the same, what it held counts as used.
        Self::Away
    }
}

impl From<LlmError> for NoRoom {
    fn from(error: LlmError) -> Self {
        Self::Refused(error)
    }
}

impl Inner {
    /// Room for all of the claims, or the reason why there is none.
    pub(super) async fn reserve(
        self: &Arc<Self>,
        claims: Vec<Claim>,
    ) -> Result<Reservation, LlmError> {
        if self.shared.is_none() {
            // Mostly there is room, and that takes no more than a lock.
            let now = self.clock.now();
            let attempt = self.local.reserve(&claims, &[], now);
            if attempt.admitted {
                return Ok(self.hold(Place::Local, String::new(), claims, &attempt, now));
            }
            refuse(&claims, &attempt, now)?;
        }
        // In a task of its own: a caller that goes away half way must not take with it what Redis
        // or the database have just set aside.
        let this = Arc::clone(self);
        let reserving = async move { this.reserve_somewhere(claims).await }.in_current_span();
        let task = self.tasks.spawn_on(reserving, &self.runtime);
        task.await.unwrap_or(Err(LlmError::LimitsUnavailable))
    }

    async fn reserve_somewhere(
        self: Arc<Self>,
        claims: Vec<Claim>,
    ) -> Result<Reservation, LlmError> {
        let claims = if self.shared.is_some() {
            match self.reserve_at(Place::Shared, &claims).await {
                Ok(reservation) => return Ok(reservation),
                Err(NoRoom::Refused(error)) => return Err(error),
                Err(NoRoom::Away) => {}
            }
            metrics::counter!("gateway_limits_degraded_total").increment(1);
            if self.when_redis_is_down == WhenRedisIsDown::Refuse {
                return Err(LlmError::LimitsUnavailable);
            }
            claims
        } else {
            claims
        };
        match self.reserve_at(Place::Local, &claims).await {
            Ok(reservation) => Ok(reservation),
            Err(NoRoom::Refused(error)) => Err(error),
            Err(NoRoom::Away) => Err(LlmError::LimitsUnavailable),
        }
    }

    async fn reserve_at(
        self: &Arc<Self>,
        place: Place,
        claims: &[Claim],
    ) -> Result<Reservation, NoRoom> {
        let id = self
            .clock
            .new_id::<Reservation>()
            .as_uuid()
            .simple()
            .to_string();
        let now = self.clock.now();
        let attempt = self.ask(place, &id, claims, &[], now).await?;
        if attempt.admitted {
            return Ok(self.hold(place, id, claims.to_vec(), &attempt, now));
        }
        refuse(claims, &attempt, now)?;
        let Some(first) = claims.first() else {
            return Err(NoRoom::Refused(LlmError::LimitsUnavailable));
        };
        // Whoever had the lock before may have asked for us too.
        let mut purse = self.purses.lock(first.counter.project).await;
        let mut deposits = Vec::new();
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let attempt = self.ask(place, &id, claims, &deposits, now).await?;
            if attempt.admitted {
                return Ok(self.hold(place, id, claims.to_vec(), &attempt, now));
            }
            refuse(claims, &attempt, now)?;
            let mut asks = Vec::new();
            for (at, (claim, found)) in claims.iter().zip(&attempt.found).enumerate() {
                if !found.has_room(claim) {
                    asks.push((
                        at,
                        Ask {
                            counter: claim.counter.clone(),
                            limit: claim.limit,
                            need: claim.amount - found.n,
                            wish: purse.wish(claim),
                        },
                    ));
                }
            }
            deposits = self.set_aside(claims, &attempt, asks, now).await?;
        }
        Err(NoRoom::Refused(LlmError::LimitsUnavailable))
    }

    /// Has the database set aside what the claims lack; a deposit for each claim.
    async fn set_aside(
        &self,
        claims: &[Claim],
        attempt: &Attempt,
        asks: Vec<(usize, Ask)>,
        now: Timestamp,
    ) -> Result<Vec<Deposit>, LlmError> {
        let (places, asks): (Vec<usize>, Vec<Ask>) = asks.into_iter().unzip();
        let taken = self
            .db
            .write(move |conn| allowances::take(conn, &asks))
            .await;
        match taken {
            Ok(taken) => {
                let mut deposits = vec![Deposit::default(); claims.len()];
                for (place, deposit) in places.into_iter().zip(taken) {
                    deposits[place] = deposit;
                }
                Ok(deposits)
            }
            Err(Refused::Exhausted { at, set_aside }) => {
                let (claim, found) = (&claims[places[at]], attempt.found[places[at]]);
                let remaining = claim.limit - set_aside + found.n;
                Err(exceeded(claim, remaining, now))
            }
            Err(Refused::Db(error)) => Err(error.into()),
        }
    }

    async fn ask(
        &self,
        place: Place,
        id: &str,
        claims: &[Claim],
        deposits: &[Deposit],
        now: Timestamp,
    ) -> Result<Attempt, Away> {
        match (place, &self.shared) {
            (Place::Shared, Some(shared)) => shared.reserve(id, claims, deposits, now).await,
            (Place::Shared, None) | (Place::Local, _) => {
                Ok(self.local.reserve(claims, deposits, now))
            }
        }
    }

    fn hold(
        self: &Arc<Self>,
        place: Place,
        id: String,
        claims: Vec<Claim>,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Reservation {
        let remaining: Vec<i64> = claims
            .iter()
            .zip(&attempt.found)
            .map(|(claim, found)| found.remaining(claim) - claim.amount)
            .collect();
        let standing = Standing::new(&claims, &remaining, now);
        if place == Place::Shared {
            self.running.started(&id, &claims);
        }
        let held = Held {
            limits: Arc::clone(self),
            id,
            claims,
            place,
        };
        Reservation::of(held, standing)
    }
}

/// Refuses at once where a limit is reached that no database can set aside more for.
fn refuse(claims: &[Claim], attempt: &Attempt, now: Timestamp) -> Result<(), LlmError> {
    let full = claims.iter().zip(&attempt.found).find(|(claim, found)| {
        let never = claim.counter.keeping() == Keeping::Balance && claim.amount > claim.limit;
        never || (claim.counter.keeping() != Keeping::Balance && !found.has_room(claim))
    });
    match full {
        Some((claim, found)) => Err(exceeded(claim, found.remaining(claim), now)),
        None => Ok(()),
    }
}

fn exceeded(claim: &Claim, remaining: i64, now: Timestamp) -> LlmError {
    LlmError::LimitExceeded(Box::new(LimitExceeded::new(claim, remaining, now)))
}
