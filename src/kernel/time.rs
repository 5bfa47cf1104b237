//! Time and the ids that carry it: both come from a [`Clock`], never from the system or a database.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Uuid};

use super::Id;

/// An instant in UTC, truncated to microseconds: what PostgreSQL keeps, so that a value read back
/// equals the value written on either database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "DateTime<Utc>", into = "DateTime<Utc>")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// Microseconds since the Unix epoch; `None` outside the years 0 to 9999.
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        let time = DateTime::from_timestamp_micros(micros)?;
        matches!(chrono::Datelike::year(&time), 0..=9999).then_some(Self(time))
    }

    pub fn unix_micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }

    /// RFC 3339 with exactly six fractional digits and `Z`: fixed width, so text sorts by time.
    pub fn to_fixed_width(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    /// `self + duration`, saturating at the end of the representable range.
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_unix_micros(self.unix_micros().saturating_add(micros)).unwrap_or(self)
    }

    /// `self - duration`, saturating at the start of the representable range.
    pub fn minus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_unix_micros(self.unix_micros().saturating_sub(micros)).unwrap_or(self)
    }

    /// Time from `earlier` to `self`; zero when `earlier` is the later one.
    pub fn since(self, earlier: Self) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or(Duration::ZERO)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time))
    }
}
impl From<Timestamp> for DateTime<Utc> {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_fixed_width())
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a service takes the time and new ids from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since the epoch, moved by hand.
    Manual(Arc<AtomicI64>),
}

/// Keeps ids made within one millisecond in order, across the whole process.
static ID_ORDER: std::sync::Mutex<ContextV7> = std::sync::Mutex::new(ContextV7::new());

impl Clock {
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(
            start.unix_micros(),
        ))))
    }

    /// Moves a manual clock, and every clone of it, forward. The system clock ignores it.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(micros) = &self.0 {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's time"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Utc::now().into(),
            Source::Manual(micros) => Timestamp::from_unix_micros(micros.load(Ordering::SeqCst))
                .unwrap_or(Timestamp::EPOCH),
        }
    }

    /// A new UUIDv7 at this clock's time. Ids made by one process sort in the order they were made.
    pub fn new_id<T: ?Sized>(&self) -> Id<T> {
        let micros = self.now().unix_micros();
        let seconds = u64::try_from(micros.div_euclid(1_000_000)).unwrap_or(0);
        let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0);
        let time = uuid::Timestamp::from_unix(&ID_ORDER, seconds, nanos);
        Id::from_uuid(Uuid::new_v7(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_instant_keep_their_order() {
        let clock = Clock::manual(Timestamp::from_unix_micros(1_700_000_000_000_000).unwrap());
        let ids: Vec<Id<str>> = (0..1_000).map(|_| clock.new_id()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn fixed_width_text_sorts_by_time() {
        let early = Timestamp::from_unix_micros(1_700_000_000_000_000).unwrap();
        let late = early.plus(Duration::from_micros(1));
        assert_eq!(early.to_fixed_width(), "2023-11-14T22:13:20.000000Z");
        assert!(early.to_fixed_width() < late.to_fixed_width());
    }
}
