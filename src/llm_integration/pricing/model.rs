//! A model's price, and the pattern that says which models it is the price of.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::NanoUsd;

const MAX_PATTERN_CHARS: usize = 200;
const NANO_DIGITS: usize = 9;

/// US dollars for a million units, exact to 1e-9 USD; on the wire a decimal text such as `"0.15"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsdPerMillion(NanoUsd);

/// Dollars for a million tokens of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    pub input: UsdPerMillion,
    /// Includes reasoning.
    pub output: UsdPerMillion,
    /// Input read from the provider's cache; without it, it costs what other input does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<UsdPerMillion>,
    /// Input written to the provider's cache; without it, it costs what other input does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<UsdPerMillion>,
    /// Without it, a call with audio has no known cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<UsdPerMillion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<UsdPerMillion>,
}

impl ModelPrice {
    /// The price of a class of [`super::Usage`]; `None` when it is not known.
    pub(super) fn of_class(&self, class: &str) -> Option<UsdPerMillion> {
        match class {
            "input" => Some(self.input),
            "input_cached_tokens" => Some(self.cached_input.unwrap_or(self.input)),
            "input_cache_write_tokens" => Some(self.cache_write.unwrap_or(self.input)),
            "input_image_tokens" => Some(self.input),
            "input_audio_tokens" => self.audio_input,
            "output" | "output_reasoning_tokens" => Some(self.output),
            "output_audio_tokens" => self.audio_output,
            _ => None,
        }
    }
}

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

/// A model's name, or names with `*` for any characters: `gpt-4o-mini-2*` is its dated snapshots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ModelPattern(String);

impl ModelPattern {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn matches(&self, model: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0 == model;
        };
        let Some(mut left) = model.strip_prefix(first) else {
            return false;
        };
        let mut parts = rest.split('*').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return left.ends_with(part);
            }
            let Some(at) = left.find(part) else {
                return false;
            };
            left = &left[at + part.len()..];
        }
        true
    }

    /// Higher wins: a name before a pattern, a longer pattern before a shorter one.
    pub fn precedence(&self) -> (bool, usize) {
        let stars = self.0.matches('*').count();
        (stars == 0, self.0.len() - stars)
    }
}

impl FromStr for ModelPattern {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length == 0 || length > MAX_PATTERN_CHARS || text.chars().any(char::is_control) {
            return Err(format!(
                "a model's name or pattern has 1 to {MAX_PATTERN_CHARS} characters, none of them control characters"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}
impl<'de> Deserialize<'de> for ModelPattern {
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

    #[test]
    fn a_star_stands_for_any_characters() {
        let matches =
            |pattern: &str, model| pattern.parse::<ModelPattern>().unwrap().matches(model);
        assert!(matches("gpt-4o-mini", "gpt-4o-mini"));
        assert!(!matches("gpt-4o-mini", "gpt-4o-mini-2024-07-18"));
        assert!(matches("gpt-4o-mini-*", "gpt-4o-mini-2024-07-18"));
        assert!(matches("*/llama-*-instruct", "meta/llama-3-70b-instruct"));
        assert!(!matches("*/llama-*-instruct", "meta/llama-3-70b"));
        assert!(!matches("ab*ba", "aba"));
        assert!(matches("*", ""));
    }

    #[test]
    fn the_more_exact_pattern_goes_first() {
        let rank = |pattern: &str| pattern.parse::<ModelPattern>().unwrap().precedence();
        assert!(rank("o1") > rank("o1-preview-2*"));
        assert!(rank("gpt-4o-mini-*") > rank("gpt-4o-*"));
    }
}
