//! What a limit counts, and in which window of time.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, Datelike, Months, TimeZone, Timelike, Utc};

use crate::kernel::Timestamp;

/// A span of the calendar in UTC: a minute begins at its second 0, a month on its first day. What
/// was used is forgotten when the next one begins, so twice the amount fits around a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    /// Never begins anew: what a key may use in its life.
    Total,
}

/// What is counted, within which window. Requests that run at once need none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    Requests(Window),
    Tokens(Window),
    /// In units of 1e-9 US dollars.
    Money(Window),
    ParallelRequests,
}

impl Window {
    pub const ALL: [Self; 6] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Month,
        Self::Total,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// When the window around `now` began.
    pub fn start(self, now: Timestamp) -> Timestamp {
        let now = now.as_datetime();
        let at = |hour, minute, second| {
            Utc.with_ymd_and_hms(now.year(), now.month(), now.day(), hour, minute, second)
        };
        let start = match self {
            Self::Second => at(now.hour(), now.minute(), now.second()),
            Self::Minute => at(now.hour(), now.minute(), 0),
            Self::Hour => at(now.hour(), 0, 0),
            Self::Day => at(0, 0, 0),
            Self::Month => Utc.with_ymd_and_hms(now.year(), now.month(), 1, 0, 0, 0),
            Self::Total => return DateTime::UNIX_EPOCH.into(),
        };
        // UTC has neither gaps nor repeated times.
        start.single().unwrap_or(now).into()
    }

    /// When the window that began at `start` ends; `None` when it never does.
    pub fn end(self, start: Timestamp) -> Option<Timestamp> {
        let seconds = match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
            Self::Month => {
                let next = start.as_datetime().checked_add_months(Months::new(1));
                return next.map(Timestamp::from);
            }
            Self::Total => return None,
        };
        Some(start.plus(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Window {
    type Err = String;
    /// The error lists every known name.
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|window| window.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                format!("`window` is `{name}`; it must be one of {known}")
            })
    }
}

impl Measure {
    const UNITS: &str = "requests, tokens, money, parallel_requests";

    /// # Errors
    /// Says which units and windows there are.
    pub fn parse(unit: &str, window: Option<&str>) -> Result<Self, String> {
        let in_window = |measure: fn(Window) -> Self| {
            let window = window.ok_or_else(|| {
                let known = Window::ALL.map(Window::name).join(", ");
                format!("a limit of {unit} needs a `window`: one of {known}")
            })?;
            window.parse().map(measure)
        };
        match unit {
            "requests" => in_window(Self::Requests),
            "tokens" => in_window(Self::Tokens),
            "money" => in_window(Self::Money),
            "parallel_requests" if window.is_none() => Ok(Self::ParallelRequests),
            "parallel_requests" => {
                Err("parallel requests run at one time: leave `window` out".to_owned())
            }
            _ => Err(format!(
                "`unit` is `{unit}`; it must be one of {}",
                Self::UNITS
            )),
        }
    }

    pub const fn unit(self) -> &'static str {
        match self {
            Self::Requests(_) => "requests",
            Self::Tokens(_) => "tokens",
            Self::Money(_) => "money",
            Self::ParallelRequests => "parallel_requests",
        }
    }

    pub const fn window(self) -> Option<Window> {
        match self {
            Self::Requests(window) | Self::Tokens(window) | Self::Money(window) => Some(window),
            Self::ParallelRequests => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .with_timezone(&Utc)
            .into()
    }

    #[test]
    fn windows_are_those_of_the_calendar() {
        let now = time("2024-02-29T23:59:58.250Z");
        for (window, start, end) in [
            (
                Window::Second,
                "2024-02-29T23:59:58Z",
                "2024-02-29T23:59:59Z",
            ),
            (
                Window::Minute,
                "2024-02-29T23:59:00Z",
                "2024-03-01T00:00:00Z",
            ),
            (Window::Hour, "2024-02-29T23:00:00Z", "2024-03-01T00:00:00Z"),
            (Window::Day, "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            (
                Window::Month,
                "2024-02-01T00:00:00Z",
                "2024-03-01T00:00:00Z",
            ),
        ] {
            assert_eq!(window.start(now), time(start), "{window}");
            assert_eq!(window.end(window.start(now)), Some(time(end)), "{window}");
        }
        assert_eq!(Window::Total.end(Window::Total.start(now)), None);
    }

    #[test]
    fn a_measure_is_a_unit_in_a_window_and_nothing_else_parses() {
        assert_eq!(
            Measure::parse("tokens", Some("day")),
            Ok(Measure::Tokens(Window::Day))
        );
        assert_eq!(
            Measure::parse("parallel_requests", None),
            Ok(Measure::ParallelRequests)
        );
        for (unit, window) in [
            ("tokens", None),
            ("tokens", Some("week")),
            ("usd", Some("day")),
            ("parallel_requests", Some("day")),
        ] {
            assert!(Measure::parse(unit, window).is_err(), "{unit} {window:?}");
        }
    }
}
