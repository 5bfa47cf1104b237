//! Runs the scripts, and knows for a while that Redis does not answer.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use deadpool_redis::{Connection, redis};

use crate::{
    kernel::{Timestamp, error_chain},
    llm_integration::limits::{
        local::{Attempt, Deposit, Found},
        model::{Claim, Counter, Keeping},
    },
    platform::redis::{Redis, RedisError, Script},
};

const PREFIX: &str = "kaname:limits:";
/// How long a call's place among those that run at once outlives its process.
pub(in crate::llm_integration::limits) const LEASE: Duration = Duration::from_secs(30);
/// How long a counter stays after its window has ended, for calls that end later.
const AFTER_END: Duration = Duration::from_hours(1);
/// How long the balance of a window without an end stays when nobody asks for it.
const UNUSED: Duration = Duration::from_hours(30 * 24);
/// Redis is not asked again for so long after it did not answer.
const PAUSE: Duration = Duration::from_secs(1);

static RESERVE: Script = Script::new(include_str!("reserve.lua"));
static SETTLE: Script = Script::new(include_str!("settle.lua"));
static DRAIN: Script = Script::new(include_str!("drain.lua"));

/// Redis did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::limits) enum Away {
    /// Nothing was sent, so nothing was changed.
    NotAsked,
    /// Nobody knows whether it did what it was asked.
    Unknown,
}

/// Counters that replicas share.
pub(in crate::llm_integration::limits) struct SharedCounters {
    redis: Redis,
    ask_again: Mutex<Option<Instant>>,
    away: AtomicBool,
}

impl SharedCounters {
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            ask_again: Mutex::new(None),
            away: AtomicBool::new(false),
        }
    }

    /// See [`LocalCounters::reserve`]; `id` names the call where its lease is kept.
    ///
    /// [`LocalCounters::reserve`]: crate::llm_integration::limits::local::LocalCounters::reserve
    pub async fn reserve(
        &self,
        id: &str,
        claims: &[Claim],
        deposits: &[Deposit],
        now: Timestamp,
    ) -> Result<Attempt, Away> {
        let mut arguments = vec![millis(now), id.to_owned(), millis(now.plus(LEASE))];
        for (at, claim) in claims.iter().enumerate() {
            let deposit = deposits.get(at).copied().unwrap_or_default();
            arguments.extend([
                keeping(&claim.counter).to_owned(),
                claim.amount.to_string(),
                claim.limit.to_string(),
                time_to_live(&claim.counter, now),
                deposit.amount.to_string(),
                deposit.set_aside.to_string(),
            ]);
        }
        let (room, found): (i64, Vec<(i64, i64, i64)>) =
            self.run(&RESERVE, keys(claims), arguments).await?;
        let found = found.into_iter().map(|(n, reserved, set_aside)| Found {
            n,
            reserved,
            set_aside,
        });
        Ok(Attempt {
            admitted: room == 1,
            found: found.collect(),
        })
    }

    pub async fn settle(
        &self,
        id: &str,
        claims: &[Claim],
        back: &[i64],
        now: Timestamp,
    ) -> Result<Vec<i64>, Away> {
        let mut arguments = vec![id.to_owned()];
        for (claim, back) in claims.iter().zip(back) {
            arguments.extend([
                keeping(&claim.counter).to_owned(),
                claim.amount.to_string(),
                back.to_string(),
                time_to_live(&claim.counter, now),
            ]);
        }
        self.run(&SETTLE, keys(claims), arguments).await
    }

    /// Takes what is left of a balance.
    pub async fn drain(&self, counter: &Counter) -> Result<i64, Away> {
        let taken: Vec<i64> = self.run(&DRAIN, vec![key(counter)], Vec::new()).await?;
        Ok(taken.first().copied().unwrap_or(0))
    }

    pub async fn peek(&self, counters: &[Counter], now: Timestamp) -> Result<Vec<Found>, Away> {
        let mut conn = self.connection().await?;
        let mut found = Vec::with_capacity(counters.len());
        for counter in counters {
            let peeked = peek(&mut conn, counter, now).await;
            found.push(peeked.map_err(|error| self.failed(&error.into(), Away::Unknown))?);
        }
        self.answered();
        Ok(found)
    }

    /// Lengthens the leases of calls that still run.
    pub async fn renew(&self, running: &[(String, Counter)], now: Timestamp) -> Result<(), Away> {
        let mut conn = self.connection().await?;
        let mut pipe = redis::pipe();
        for (id, counter) in running {
            pipe.cmd("ZADD").arg(key(counter)).arg("XX");
            pipe.arg(millis(now.plus(LEASE))).arg(id).ignore();
            let ttl = time_to_live(counter, now);
            pipe.cmd("PEXPIRE").arg(key(counter)).arg(ttl).ignore();
        }
        let renewed: redis::RedisResult<()> = pipe.query_async(&mut conn).await;
        renewed.map_err(|error| self.failed(&error.into(), Away::Unknown))
    }

    async fn run<T: redis::FromRedisValue>(
        &self,
        script: &Script,
        keys: Vec<String>,
        arguments: Vec<String>,
    ) -> Result<T, Away> {
        let mut conn = self.connection().await?;
        match script.invoke(&mut conn, &keys, &arguments).await {
            Ok(value) => {
                self.answered();
                Ok(value)
            }
            Err(error) => Err(self.failed(&error.into(), Away::Unknown)),
        }
    }

    async fn connection(&self) -> Result<Connection, Away> {
        let ask_again = *self.lock();
        if ask_again.is_some_and(|time| Instant::now() < time) {
            return Err(Away::NotAsked);
        }
        let connected = self.redis.connection().await;
        connected.map_err(|error| self.failed(&error, Away::NotAsked))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.ask_again
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &RedisError, away: Away) -> Away {
        *self.lock() = Some(Instant::now() + PAUSE);
        metrics::counter!("gateway_limits_redis_failures_total").increment(1);
        if !self.away.swap(true, Ordering::Relaxed) {
            let why = error_chain(error);
            tracing::warn!(why, "limits are not shared with other replicas for now");
        }
        away
    }

    fn answered(&self) {
        if self.away.swap(false, Ordering::Relaxed) {
            *self.lock() = None;
            tracing::info!("limits are shared with other replicas again");
        }
    }
}

async fn peek(
    conn: &mut Connection,
    counter: &Counter,
    now: Timestamp,
) -> redis::RedisResult<Found> {
    let key = key(counter);
    if counter.keeping() == Keeping::Slots {
        let mut count = redis::cmd("ZCOUNT");
        count.arg(key).arg(format!("({}", millis(now))).arg("+inf");
        let n = count.query_async(conn).await?;
        return Ok(Found {
            n,
            reserved: n,
            set_aside: 0,
        });
    }
    let mut get = redis::cmd("HMGET");
    get.arg(key).arg("n").arg("r").arg("s");
    let (n, reserved, set_aside): (Option<i64>, Option<i64>, Option<i64>) =
        get.query_async(conn).await?;
    Ok(Found {
        n: n.unwrap_or(0),
        reserved: reserved.unwrap_or(0),
        set_aside: set_aside.unwrap_or(0),
    })
}

fn keys(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|claim| key(&claim.counter)).collect()
}

fn key(counter: &Counter) -> String {
    format!("{PREFIX}{counter}")
}

fn keeping(counter: &Counter) -> &'static str {
    match counter.keeping() {
        Keeping::Count => "count",
        Keeping::Balance => "balance",
        Keeping::Slots => "slots",
    }
}

fn millis(time: Timestamp) -> String {
    time.unix_micros().div_euclid(1_000).to_string()
}

fn time_to_live(counter: &Counter, now: Timestamp) -> String {
    let stays = match (counter.keeping(), counter.ends_at()) {
        (Keeping::Slots, _) => LEASE * 2,
        (_, Some(end)) => end.since(now) + AFTER_END,
        (_, None) => UNUSED,
    };
    stays.as_millis().to_string()
}
