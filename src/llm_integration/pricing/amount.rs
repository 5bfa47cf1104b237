//! Dollars for a million units: exact, and written as decimal text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::NanoUsd;

const NANO_DIGITS: usize = 9;

/// US dollars for a million units, exact to 1e-9 USD; on the wire a decimal text such as `"0.15"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsdPerMillion(NanoUsd);

impl UsdPerMillion {
    /// `None` for a negative amount.
    pub fn from_nanos(nanos: i64) -> Option<Self> {
        (nanos >= 0).then_some(Self(NanoUsd::from_nanos(nanos)))
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
