//! What a caller is told of its limits: when one is reached, and how far it is from them.

use std::{fmt, time::Duration};

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::{Claim, Limit, LimitSubject, Measure, Window, rule::in_dollars};
use crate::{
    kernel::{ErrorCode, Failure, Timestamp},
    llm_integration::limits::Amount,
};

/// A client that is told to wait longer than this is told not to try again by itself. It is the
/// longest wait that the SDKs of OpenAI and Anthropic take from an answer.
const LONGEST_RETRY: Duration = Duration::from_mins(1);
/// When a request that runs can have ended.
const SLOT_RETRY: Duration = Duration::from_secs(1);

/// A limit that leaves no room for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    pub subject: LimitSubject,
    pub limit: Limit,
    /// What the call was expected to use.
    pub asked: i64,
    pub remaining: i64,
    pub resets_at: Option<Timestamp>,
    /// `None` when waiting does not help.
    pub retry_after: Option<Duration>,
}

impl LimitExceeded {
    pub(in crate::llm_integration::limits) fn new(
        claim: &Claim,
        remaining: i64,
        now: Timestamp,
    ) -> Self {
        let Claim {
            counter,
            amount: asked,
            limit,
        } = claim;
        let resets_at = counter.ends_at();
        let fits = asked <= limit;
        let wait = match counter.measure {
            Measure::ParallelRequests => Some(SLOT_RETRY),
            _ => resets_at.map(|end| end.since(now)),
        };
        Self {
            subject: counter.subject.clone(),
            limit: Limit {
                measure: counter.measure,
                amount: Amount::of_claim(*limit),
            },
            asked: *asked,
            remaining: remaining.max(0),
            resets_at,
            retry_after: wait.filter(|_| fits),
        }
    }

    /// Whether money has run out, rather than the pace is too high.
    pub const fn is_budget(&self) -> bool {
        matches!(self.limit.measure, Measure::Money(_))
    }

    fn details(&self) -> Value {
        let subject = match &self.subject {
            subject if subject.kind() == super::SubjectKind::Project => {
                json!({ "kind": "project" })
            }
            subject => json!({ "kind": subject.kind().name(), "value": subject.value() }),
        };
        let measure = self.limit.measure;
        let amount = |amount: i64| match measure {
            Measure::Money(_) => Value::from(in_dollars(amount)),
            _ => Value::from(amount),
        };
        json!({
            "subject": subject, "unit": measure.unit(), "window": measure.window().map(Window::name),
            "amount": amount(self.limit.amount.get()), "asked": amount(self.asked),
            "remaining": amount(self.remaining), "resets_at": self.resets_at,
        })
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subject,
            limit,
            asked,
            remaining,
            resets_at,
            ..
        } = self;
        let amount = |amount: i64| match limit.measure {
            Measure::Money(_) => format!("{} USD", in_dollars(amount)),
            measure => format!("{amount} {}", measure.unit()),
        };
        write!(
            f,
            "the limit of {limit} for {subject} leaves no room for this call"
        )?;
        if limit.measure != Measure::ParallelRequests {
            let (asked, left) = (amount(*asked), amount(*remaining));
            write!(f, ": it may need {asked}, and {left} are left")?;
        }
        match resets_at {
            Some(end) => write!(
                f,
                " until {}",
                end.as_datetime().format("%Y-%m-%d %H:%M:%S UTC")
            ),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LimitExceeded {}

impl From<LimitExceeded> for Failure {
    fn from(exceeded: LimitExceeded) -> Self {
        let code = if exceeded.is_budget() {
            ErrorCode::InsufficientQuota
        } else {
            ErrorCode::RateLimitExceeded
        };
        let mut failure = Self::new(code, exceeded.to_string()).with_details(exceeded.details());
        if let Some(wait) = exceeded.retry_after {
            failure = failure.retry_after(wait);
        }
        let retry = exceeded
            .retry_after
            .is_some_and(|wait| wait <= LONGEST_RETRY);
        if exceeded.is_budget() || !retry {
            failure = failure.with_header("x-should-retry", "false");
        }
        let line = Line {
            limit: exceeded.limit.amount.get(),
            remaining: exceeded.remaining,
            resets_in: exceeded.retry_after,
            resets_at: exceeded.resets_at,
        };
        for names in [HeaderNames::OpenAi, HeaderNames::Anthropic] {
            for (name, value) in line.headers(exceeded.limit.measure, names) {
                failure = failure.with_header(name, value);
            }
        }
        failure
    }
}

/// How far a call that was admitted left its caller from the nearest limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing(Vec<(Measure, Line)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    limit: i64,
    remaining: i64,
    resets_in: Option<Duration>,
    resets_at: Option<Timestamp>,
}

/// Whose words a caller is told of its limits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderNames {
    /// `x-ratelimit-remaining-requests`; a reset is a time to wait.
    OpenAi,
    /// `anthropic-ratelimit-requests-remaining`; a reset is a time of the clock.
    Anthropic,
}

impl Standing {
    /// `remaining` of each claim, as it is after the call was admitted.
    pub(in crate::llm_integration::limits) fn new(
        claims: &[Claim],
        remaining: &[i64],
        now: Timestamp,
    ) -> Self {
        let mut lines: Vec<(Measure, Line)> = Vec::new();
        for (claim, remaining) in claims.iter().zip(remaining) {
            let line = Line {
                limit: claim.limit,
                remaining: (*remaining).max(0),
                resets_in: claim.counter.ends_at().map(|end| end.since(now)),
                resets_at: claim.counter.ends_at(),
            };
            let measure = claim.counter.measure;
            match lines
                .iter_mut()
                .find(|(other, _)| other.unit() == measure.unit())
            {
                Some((_, nearest)) if nearest.remaining <= line.remaining => {}
                Some(nearest) => *nearest = (measure, line),
                None => lines.push((measure, line)),
            }
        }
        Self(lines)
    }

    /// For requests and tokens, the nearest limit of each.
    pub fn headers(&self, names: HeaderNames) -> Vec<(&'static str, String)> {
        let lines = self.0.iter();
        lines
            .flat_map(|(measure, line)| line.headers(*measure, names))
            .collect()
    }
}

impl Line {
    fn headers(self, measure: Measure, names: HeaderNames) -> Vec<(&'static str, String)> {
        let [limit, remaining, reset] = match (measure, names) {
            (Measure::Requests(_), HeaderNames::OpenAi) => [
                "x-ratelimit-limit-requests",
                "x-ratelimit-remaining-requests",
                "x-ratelimit-reset-requests",
            ],
            (Measure::Requests(_), HeaderNames::Anthropic) => [
                "anthropic-ratelimit-requests-limit",
                "anthropic-ratelimit-requests-remaining",
                "anthropic-ratelimit-requests-reset",
            ],
            (Measure::Tokens(_), HeaderNames::OpenAi) => [
                "x-ratelimit-limit-tokens",
                "x-ratelimit-remaining-tokens",
                "x-ratelimit-reset-tokens",
            ],
            (Measure::Tokens(_), HeaderNames::Anthropic) => [
                "anthropic-ratelimit-tokens-limit",
                "anthropic-ratelimit-tokens-remaining",
                "anthropic-ratelimit-tokens-reset",
            ],
            (Measure::Money(_) | Measure::ParallelRequests, _) => return Vec::new(),
        };
        let mut headers = vec![
            (limit, self.limit.to_string()),
            (remaining, self.remaining.to_string()),
        ];
        let resets = match names {
            HeaderNames::OpenAi => self.resets_in.map(in_words),
            HeaderNames::Anthropic => self.resets_at.map(on_the_clock),
        };
        headers.extend(resets.map(|resets| (reset, resets)));
        headers
    }
}

/// As Anthropic writes a time: RFC 3339.
fn on_the_clock(at: Timestamp) -> String {
    at.as_datetime().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// As OpenAI writes a time: `6m0s`, `250ms`.
fn in_words(wait: Duration) -> String {
    let (seconds, millis) = (wait.as_secs(), wait.subsec_millis());
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{millis}ms"),
        (0, 0, seconds) => format!("{seconds}.{millis:03}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::Id,
        llm_integration::limits::{
            Estimate, Subject,
            model::{KeyPolicy, claims},
        },
    };

    fn claim(measure: Measure, limit: u64, asked: u64) -> (Claim, Timestamp) {
        let now = Timestamp::from_unix_micros(1_700_000_030_000_000).unwrap();
        let limit = Limit {
            measure,
            amount: Amount::count(limit).unwrap(),
        };
        let policy = KeyPolicy {
            limits: vec![limit],
            ..KeyPolicy::default()
        };
        let subject = Subject {
            project: Id::from_name("p"),
            key: Some(Id::from_name("k")),
            user: None,
            tags: &[],
            model: "m",
            route: None,
        };
        let cost = crate::kernel::NanoUsd::from_nanos(i64::try_from(asked).unwrap());
        let estimate = Estimate {
            input_tokens: asked,
            output_tokens: 0,
            cost: Some(cost),
        };
        (
            claims(&[], Some(&policy), &subject, &estimate, now).remove(0),
            now,
        )
    }

    fn headers(failure: &Failure) -> Vec<String> {
        let headers = failure.headers.iter();
        headers
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }

    #[test]
    fn a_pace_that_is_too_high_says_when_to_come_back() {
        let (claim, now) = claim(Measure::Tokens(Window::Minute), 100, 30);
        let failure = Failure::from(LimitExceeded::new(&claim, 20, now));
        assert_eq!(failure.code, ErrorCode::RateLimitExceeded);
        assert_eq!(failure.retry_after, Some(Duration::from_secs(10)));
        assert_eq!(
            headers(&failure),
            [
                "x-ratelimit-limit-tokens: 100",
                "x-ratelimit-remaining-tokens: 20",
                "x-ratelimit-reset-tokens: 10.000s",
                "anthropic-ratelimit-tokens-limit: 100",
                "anthropic-ratelimit-tokens-remaining: 20",
                "anthropic-ratelimit-tokens-reset: 2023-11-14T22:14:00Z",
            ]
        );
    }

    #[test]
    fn where_waiting_does_not_help_a_client_is_told_so() {
        for (measure, limit, asked) in [
            (Measure::Money(Window::Minute), 100, 30),
            (Measure::Tokens(Window::Minute), 100, 101),
            (Measure::Requests(Window::Month), 1, 1),
            (Measure::Tokens(Window::Total), 100, 1),
        ] {
            let (claim, now) = claim(measure, limit, asked);
            let failure = Failure::from(LimitExceeded::new(&claim, 0, now));
            assert!(
                headers(&failure).contains(&"x-should-retry: false".to_owned()),
                "{measure:?}"
            );
        }
    }

    #[test]
    fn the_nearest_limit_of_a_unit_is_shown() {
        let (minute, now) = claim(Measure::Requests(Window::Minute), 10, 1);
        let (day, _) = claim(Measure::Requests(Window::Day), 100, 1);
        let standing = Standing::new(&[minute, day], &[9, 5], now);
        assert_eq!(
            standing.headers(HeaderNames::OpenAi)[1],
            ("x-ratelimit-remaining-requests", "5".to_owned())
        );
        assert_eq!(
            standing.headers(HeaderNames::Anthropic)[1],
            ("anthropic-ratelimit-requests-remaining", "5".to_owned())
        );
        assert_eq!(in_words(Duration::from_millis(250)), "250ms");
        assert_eq!(in_words(Duration::from_mins(6)), "6m0s");
    }
}
