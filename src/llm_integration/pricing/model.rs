//! A model's price: its usual rates, and the tiers that count for some calls instead.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Class, UsdPerMillion};
use crate::kernel::Timestamp;

/// What a compiled pattern of a condition may take, in bytes.
const MAX_REGEX_BYTES: usize = 64 * 1024;
const IGNORE_CASE: &str = "(?i)";
/// Tiers that one price can have.
const MAX_TIERS: usize = 30;

/// What a million units of each class cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rates(pub BTreeMap<Class, UsdPerMillion>);

/// What a model costs, in US dollars for a million units of each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    pub usd_per_million: Rates,
    /// The first whose conditions all hold counts instead of the usual rates, for the whole call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
}

/// Other rates, for calls that meet every condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    pub name: String,
    pub when: When,
    /// Complete in tokens; searches, requests and other units cost the usual unless named.
    pub usd_per_million: Rates,
}

/// The conditions of a tier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// What the provider calls the way it served the call: `batch`, `flex`, `priority`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// The input of every class has more tokens than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_above: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<UsageCondition>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeCondition>,
}

/// Compares the sum of the usage whose names match with a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageCondition {
    pub pattern: UsagePattern,
    pub operator: Operator,
    pub value: f64,
}

/// A regular expression for names of usage.
#[derive(Clone, Debug)]
pub struct UsagePattern {
    text: String,
    regex: Regex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Gt,
    Gte,
    Lt,
    Lte,
    Eq,
    Neq,
}

/// Looks for one of some values in what the call carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeCondition {
    pub source: AttributeSource,
    pub key: String,
    pub values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeSource {
    ModelParameters,
    Metadata,
}

/// The time in which a price counts: calls that begin at `from` or later, and before `until`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    #[serde(default)]
    pub from: Option<Timestamp>,
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Validity {
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// # Errors
    /// When it ends before it begins.
    pub fn check(&self) -> Result<(), String> {
        match (self.from, self.until) {
            (Some(from), Some(until)) if until <= from => Err(format!(
                "`until` is {until}, which is not after `from`, {from}"
            )),
            _ => Ok(()),
        }
    }
}

impl ModelPrice {
    pub const fn flat(usd_per_million: Rates) -> Self {
        Self {
            usd_per_million,
            tiers: Vec::new(),
        }
    }

    /// # Errors
    /// Says what is missing or too much.
    pub fn check(&self) -> Result<(), String> {
        let empty = |rates: &Rates| rates.0.is_empty();
        if empty(&self.usd_per_million) || self.tiers.iter().any(|t| empty(&t.usd_per_million)) {
            return Err(
                "`usd_per_million` names at least one class, also in every tier".to_owned(),
            );
        }
        if self.tiers.len() > MAX_TIERS {
            return Err(format!("a price has at most {MAX_TIERS} tiers"));
        }
        match self.tiers.iter().find(|tier| tier.when == When::default()) {
            Some(tier) => Err(format!("the tier `{}` has no condition", tier.name)),
            None => Ok(()),
        }
    }
}

impl Rates {
    /// The rate of a class; that of the class it is priced as where it has none.
    pub fn of(&self, class: &Class) -> Option<UsdPerMillion> {
        if let Some(rate) = self.exactly(class) {
            return Some(rate);
        }
        if *class == Class::CacheWrite1h && self.exactly(&Class::CacheWrite).is_some() {
            // Keeping for an hour costs more than for five minutes, and it is not said how much.
            return None;
        }
        self.exactly(&class.priced_as()?)
    }

    pub(super) fn exactly(&self, class: &Class) -> Option<UsdPerMillion> {
        let own = |name: &&str| self.0.get(&Class::Own((*name).to_owned()));
        self.0
            .get(class)
            .or_else(|| class.aliases().iter().find_map(own))
            .copied()
    }
}

impl UsagePattern {
    /// # Errors
    /// Says what is wrong with the expression.
    pub fn new(expression: &str, case_sensitive: bool) -> Result<Self, String> {
        let text = if case_sensitive {
            expression.to_owned()
        } else {
            format!("{IGNORE_CASE}{expression}")
        };
        let regex = RegexBuilder::new(&text)
            .size_limit(MAX_REGEX_BYTES)
            .build()
            .map_err(|error| format!("`{expression}` is no regular expression: {error}"))?;
        Ok(Self { text, regex })
    }

    /// As it was given.
    pub fn expression(&self) -> &str {
        self.text.strip_prefix(IGNORE_CASE).unwrap_or(&self.text)
    }

    pub fn is_case_sensitive(&self) -> bool {
        !self.text.starts_with(IGNORE_CASE)
    }

    pub fn matches(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }
}
impl PartialEq for UsagePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Serialize for UsagePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
impl<'de> Deserialize<'de> for UsagePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text, true).map_err(serde::de::Error::custom)
    }
}

impl Operator {
    pub fn holds(self, sum: f64, value: f64) -> bool {
        match self {
            Self::Gt => sum > value,
            Self::Gte => sum >= value,
            Self::Lt => sum < value,
            Self::Lte => sum <= value,
            Self::Eq => (sum - value).abs() < f64::EPSILON,
            Self::Neq => (sum - value).abs() >= f64::EPSILON,
        }
    }
}
