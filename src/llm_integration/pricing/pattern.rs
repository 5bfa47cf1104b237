//! Which models a price is the price of: a name, a wildcard, or a regular expression.

use std::{cmp::Ordering, fmt, str::FromStr};

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MAX_PATTERN_CHARS: usize = 500;
/// What a compiled regular expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 256 * 1024;
/// What stands before a regular expression.
const REGEX_PREFIX: &str = "regex:";

/// A model's name; names with `*` for any characters, as `gpt-4o-mini-2*` for its dated snapshots;
/// or `regex:` and a regular expression that is found in the name.
#[derive(Clone, Debug)]
pub struct ModelPattern {
    text: String,
    regex: Option<Regex>,
}

impl ModelPattern {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// # Errors
    /// Says what would be right.
    pub fn of_regex(expression: &str) -> Result<Self, String> {
        format!("{REGEX_PREFIX}{expression}").parse()
    }

    /// The regular expression that matches the same models.
    pub fn to_regex(&self) -> String {
        if let Some(expression) = self.text.strip_prefix(REGEX_PREFIX) {
            return expression.to_owned();
        }
        let parts: Vec<_> = self.text.split('*').map(regex::escape).collect();
        format!("^{}$", parts.join(".*"))
    }

    /// Whether it is one model's name.
    pub fn is_exact(&self) -> bool {
        self.regex.is_none() && !self.text.contains('*')
    }

    pub fn matches(&self, model: &str) -> bool {
        if let Some(regex) = &self.regex {
            return regex.is_match(model);
        }
        let Some((first, rest)) = self.text.split_once('*') else {
            return self.text == model;
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
        let stars = self.text.matches('*').count();
        (self.is_exact(), self.text.len() - stars)
    }
}

impl PartialEq for ModelPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for ModelPattern {}
impl PartialOrd for ModelPattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ModelPattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
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
        let regex = text.strip_prefix(REGEX_PREFIX).map(|expression| {
            RegexBuilder::new(expression)
                .size_limit(MAX_REGEX_BYTES)
                .build()
                .map_err(|error| format!("`{expression}` is no regular expression: {error}"))
        });
        Ok(Self {
            text: text.to_owned(),
            regex: regex.transpose()?,
        })
    }
}
impl fmt::Display for ModelPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl Serialize for ModelPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
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

    fn pattern(text: &str) -> ModelPattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        let matches = |text: &str, model| {
            let found = pattern(text).matches(model);
            let regex = ModelPattern::of_regex(&pattern(text).to_regex()).unwrap();
            assert_eq!(
                regex.matches(model),
                found,
                "{text} and its expression agree"
            );
            found
        };
        assert!(matches("gpt-4o-mini", "gpt-4o-mini"));
        assert!(!matches("gpt-4o-mini", "gpt-4o-mini-2024-07-18"));
        assert!(matches("gpt-4o-mini-*", "gpt-4o-mini-2024-07-18"));
        assert!(matches("*/llama-*-instruct", "meta/llama-3-70b-instruct"));
        assert!(!matches("*/llama-*-instruct", "meta/llama-3-70b"));
        assert!(!matches("ab*ba", "aba"));
        assert!(matches("*", ""));
    }

    #[test]
    fn a_regular_expression_is_one_of_langfuses() {
        let model = pattern("regex:(?i)^(gpt-4o)$");
        assert!(model.matches("GPT-4o") && !model.matches("gpt-4o-mini"));
        assert!("regex:(".parse::<ModelPattern>().is_err());
    }

    #[test]
    fn the_more_exact_pattern_goes_first() {
        let rank = |text: &str| pattern(text).precedence();
        assert!(rank("o1") > rank("o1-preview-2*"));
        assert!(rank("gpt-4o-mini-*") > rank("gpt-4o-*"));
    }
}
