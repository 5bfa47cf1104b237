//! Dollars for a million units: exact, and written as decimal text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::NanoUsd;

const NANO_DIGITS: usize = 9;
/// 1e-9 USD for a million units, in USD for one.
const FEMTO: f64 = 1e15;
const MAX_NANOS: f64 = 9e18;

/// US dollars for a million units, exact to 1e-9 USD; on the wire a decimal text such as `"0.15"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsdPerMillion(NanoUsd);

impl UsdPerMillion {
    /// `None` for a negative amount.
    pub fn from_nanos(nanos: i64) -> Option<Self> {
        (nanos >= 0).then_some(Self(NanoUsd::from_nanos(nanos)))
    }

    /// `None` for what is no amount; rounded to 1e-15 USD for a unit.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked before the cast"
    )]
    pub fn from_usd_per_unit(usd: f64) -> Option<Self> {
        let nanos = (usd * FEMTO).round();
        (0.0..MAX_NANOS).contains(&nanos).then_some(())?;
        Self::from_nanos(nanos as i64)
    }

    /// For wire formats whose prices are JSON numbers in dollars for a unit; never for sums.
    #[expect(clippy::cast_precision_loss, reason = "a value to look at")]
    pub fn usd_per_unit(self) -> f64 {
        self.0.nanos() as f64 / FEMTO
    }

    pub const fn amount(self) -> NanoUsd {
        self.0
    }
}

impl FromStr for UsdPerMillion {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not an amount in US dollars: digits, with up to {NANO_DIGITS} after the point"
            )
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > NANO_DIGITS {
            return Err(wrong());
        }
        let nanos = format!("{whole}{fraction:0<NANO_DIGITS$}")
            .parse()
            .map_err(|_| wrong())?;
        Self::from_nanos(nanos).ok_or_else(wrong)
    }
}

impl fmt::Display for UsdPerMillion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let short = text.trim_end_matches('0').trim_end_matches('.');
        f.write_str(short)
    }
}
impl Serialize for UsdPerMillion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for UsdPerMillion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_print_as_they_were_written() {
        for (text, nanos) in [
            ("0.15", 150_000_000),
            ("15", 15_000_000_000),
            ("0.000000001", 1),
        ] {
            let amount: UsdPerMillion = text.parse().unwrap();
            assert_eq!(amount.amount().nanos(), nanos);
            assert_eq!(amount.to_string(), text);
        }
        for usd in [0.15e-6, 0.000_003, 2.5e-6, 0.04, 0.0] {
            let amount = UsdPerMillion::from_usd_per_unit(usd).unwrap();
            assert_eq!(amount.usd_per_unit().to_string(), usd.to_string());
        }
        let cents = UsdPerMillion::from_usd_per_unit(0.000_002_5).unwrap();
        assert_eq!(cents.to_string(), "2.5");
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert_eq!(UsdPerMillion::from_usd_per_unit(wrong), None);
        }
        for wrong in [
            "",
            "-1",
            "1.",
            ".5",
            "1e3",
            "0.0000000001",
            "99999999999999999999",
        ] {
            assert!(wrong.parse::<UsdPerMillion>().is_err(), "{wrong}");
        }
    }
}
