//! Limits that a project sets.

use std::fmt;

use super::{LimitSubject, Measure};
use crate::{
    kernel::{Id, NanoUsd, Timestamp},
    llm_integration::UsdPerMillion,
};

/// The largest amount of any limit: 9 million US dollars in units of 1e-9. Up to here a Redis script
/// calculates exactly.
pub const MAX_AMOUNT: i64 = 9_000_000_000_000_000;

/// How much of its measure a limit allows: 1 to [`MAX_AMOUNT`], or 0 to allow nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

impl Amount {
    /// # Errors
    /// Says what would be right.
    pub fn count(amount: u64) -> Result<Self, String> {
        i64::try_from(amount)
            .ok()
            .filter(|amount| *amount <= MAX_AMOUNT)
            .map(Self)
            .ok_or_else(|| format!("`amount` is {amount}; it can be at most {MAX_AMOUNT}"))
    }

    /// Dollars as a decimal text, such as `50` or `0.25`.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn usd(text: &str) -> Result<Self, String> {
        let amount: UsdPerMillion = text.parse()?;
        Self::stored(amount.amount().nanos())
            .ok_or_else(|| format!("`amount` is {text}; a limit is at most 9000000 US dollars"))
    }

    /// The limit of a claim came from an amount.
    pub(super) const fn of_claim(limit: i64) -> Self {
        Self(limit)
    }

    pub(in crate::llm_integration::limits) fn stored(amount: i64) -> Option<Self> {
        (0..=MAX_AMOUNT).contains(&amount).then_some(Self(amount))
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}

/// So much, in such a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub measure: Measure,
    pub amount: Amount,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, amount } = self;
        match measure {
            Measure::Money(_) => write!(f, "{} USD", in_dollars(amount.0))?,
            Measure::ParallelRequests => write!(f, "{} requests at once", amount.0)?,
            Measure::Requests(_) | Measure::Tokens(_) => {
                write!(f, "{} {}", amount.0, measure.unit())?;
            }
        }
        match measure.window() {
            Some(super::Window::Total) => f.write_str(" in total"),
            Some(window) => write!(f, " a {window}"),
            None => Ok(()),
        }
    }
}

/// Dollars without zeros at the end.
pub(super) fn in_dollars(nanos: i64) -> String {
    let text = NanoUsd::from_nanos(nanos).to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub type LimitId = Id<LimitRule>;

/// A limit for a subject in a project; there is one for each subject and measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRule {
    pub id: LimitId,
    pub subject: LimitSubject,
    pub limit: Limit,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm_integration::limits::Window;

    #[test]
    fn amounts_are_bounded_and_money_is_exact() {
        assert_eq!(Amount::usd("0.25").unwrap().get(), 250_000_000);
        assert_eq!(Amount::usd("9000000").unwrap().get(), MAX_AMOUNT);
        for wrong in ["-1", "9000000.1", "x", ""] {
            assert!(Amount::usd(wrong).is_err(), "{wrong}");
        }
        assert!(Amount::count(u64::MAX).is_err());
    }

    #[test]
    fn a_limit_reads_as_a_sentence() {
        let shown = |measure, amount| {
            Limit {
                measure,
                amount: Amount(amount),
            }
            .to_string()
        };
        assert_eq!(
            shown(Measure::Money(Window::Month), 1_500_000_000),
            "1.5 USD a month"
        );
        assert_eq!(
            shown(Measure::Tokens(Window::Total), 7),
            "7 tokens in total"
        );
        assert_eq!(shown(Measure::ParallelRequests, 2), "2 requests at once");
    }
}
