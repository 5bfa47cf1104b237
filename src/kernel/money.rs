//! Money as integers: sums of millions of tiny prices must come out exact.

use std::{fmt, iter::Sum, ops::Add};

use serde::{Deserialize, Serialize};

/// An amount in units of 1e-9 US dollars.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NanoUsd(i64);

impl NanoUsd {
    pub const ZERO: Self = Self(0);
    const PER_USD: i64 = 1_000_000_000;

    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// For wire formats whose amounts are JSON numbers in dollars; never for sums.
    #[expect(
        clippy::cast_precision_loss,
        reason = "display value; exact up to 9 million dollars"
    )]
    pub fn as_usd_f64(self) -> f64 {
        self.0 as f64 / Self::PER_USD as f64
    }

    /// From an amount of dollars as a wire format has it; `None` for what is no amount.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "rounded to 1e-9 and checked to be in range"
    )]
    pub fn from_usd_f64(usd: f64) -> Option<Self> {
        const MOST_USD: f64 = 9_000_000_000.0;
        let nanos = (usd * Self::PER_USD as f64).round();
        (0.0..=MOST_USD)
            .contains(&usd)
            .then_some(Self(nanos as i64))
    }

    /// What `tokens` cost at `per_million` for a million tokens, rounded half up to 1e-9 USD.
    /// Saturates at the largest representable amount.
    pub fn for_tokens(per_million: Self, tokens: u64) -> Self {
        const MILLION: i128 = 1_000_000;
        let exact = i128::from(per_million.0) * i128::from(tokens);
        let rounded = (exact + MILLION / 2).div_euclid(MILLION);
        Self(i64::try_from(rounded).unwrap_or(i64::MAX))
    }
}

impl Add for NanoUsd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}
impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let per_usd = Self::PER_USD.unsigned_abs();
        write!(f, "{sign}{}.{:09}", nanos / per_usd, nanos % per_usd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_become_whole_billionths_and_what_is_no_amount_is_refused() {
        assert_eq!(NanoUsd::from_usd_f64(0.000_24), Some(NanoUsd(240_000)));
        for wrong in [-0.1, f64::NAN, f64::INFINITY, 1e18] {
            assert_eq!(NanoUsd::from_usd_f64(wrong), None);
        }
    }

    #[test]
    fn a_price_times_tokens_is_exact_and_rounds_half_up() {
        let cents_15 = NanoUsd::from_nanos(150_000_000); // 0.15 USD for a million tokens
        assert_eq!(NanoUsd::for_tokens(cents_15, 1), NanoUsd::from_nanos(150));
        assert_eq!(
            NanoUsd::for_tokens(NanoUsd::from_nanos(500_000), 1),
            NanoUsd::from_nanos(1)
        );
        assert_eq!(
            NanoUsd::for_tokens(NanoUsd::from_nanos(499_999), 1),
            NanoUsd::ZERO
        );
    }

    #[test]
    fn amounts_print_in_dollars() {
        assert_eq!(
            NanoUsd::from_nanos(1_234_567_890).to_string(),
            "1.234567890"
        );
        assert_eq!(NanoUsd::from_nanos(-1).to_string(), "-0.000000001");
    }
}
