//! What a call costs: which rates count for it, times what it used.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    AttributeSource, Class, ModelPrice, Rates, Tier, When,
    model::{AttributeCondition, UsageCondition},
};
use crate::kernel::{NanoUsd, Timestamp};

/// The name of the sum in usage and cost.
pub(super) const TOTAL: &str = "total";

/// What decides on the price of a call, beside what it used.
#[derive(Clone, Copy, Debug)]
pub struct PricedCall<'a> {
    /// The kind of provider, as `groq`: the price of its `groq/<model>` counts first.
    pub provider: Option<&'a str>,
    /// The first that has a price counts: the answer's model, then the one asked for.
    pub models: &'a [&'a str],
    /// When the call began.
    pub at: Timestamp,
    /// What the answer says of how it was served; where it says nothing, what was asked for.
    pub service_tier: Option<&'a str>,
    /// JSON objects that tiers can look into.
    pub model_parameters: Option<&'a str>,
    pub metadata: Option<&'a str>,
}

/// What one call costs, by the names of its usage and in total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    pub by_class: BTreeMap<String, NanoUsd>,
    pub total: NanoUsd,
}

impl<'a> PricedCall<'a> {
    pub const fn of(models: &'a [&'a str], at: Timestamp) -> Self {
        Self {
            provider: None,
            models,
            at,
            service_tier: None,
            model_parameters: None,
            metadata: None,
        }
    }
}

impl ModelPrice {
    /// `usage` by name, without overlaps. `None` when units of a class were used that has no price:
    /// part of a cost is no cost.
    pub fn cost(&self, call: Option<&PricedCall<'_>>, usage: &BTreeMap<&str, u64>) -> Option<Cost> {
        let rates = self
            .tier(call, usage)
            .map_or(&self.usd_per_million, |tier| &tier.usd_per_million);
        if let Some(rate) = rates.exactly(&Class::Total) {
            let all = usage.get(TOTAL).copied().unwrap_or_else(|| sum(usage));
            let total = NanoUsd::for_tokens(rate.amount(), all);
            let by_class = BTreeMap::from([(TOTAL.to_owned(), total)]);
            return Some(Cost { by_class, total });
        }
        let mut by_class = BTreeMap::new();
        for (name, units) in usage
            .iter()
            .filter(|(name, units)| **name != TOTAL && **units > 0)
        {
            let rate = rates.of_named(name, &self.usd_per_million)?;
            by_class.insert((*name).to_owned(), NanoUsd::for_tokens(rate, *units));
        }
        let request = Class::Request.usage_name();
        if !by_class.contains_key(request) {
            let rate = rates.of_named(request, &self.usd_per_million);
            by_class.extend(rate.map(|rate| (request.to_owned(), NanoUsd::for_tokens(rate, 1))));
        }
        let total = by_class.values().copied().sum();
        by_class.insert(TOTAL.to_owned(), total);
        Some(Cost { by_class, total })
    }

    /// The tier that a call like this falls into; `None` for the usual rates. Without a call no
    /// tier counts that asks for something of it.
    pub fn tier(
        &self,
        call: Option<&PricedCall<'_>>,
        usage: &BTreeMap<&str, u64>,
    ) -> Option<&Tier> {
        self.tiers.iter().find(|tier| tier.when.holds(call, usage))
    }
}

impl Rates {
    fn of_named(&self, name: &str, usual: &Self) -> Option<NanoUsd> {
        let class = Class::of_usage(name);
        let rate = self
            .of(&class)
            .or_else(|| class.is_unit().then(|| usual.of(&class)).flatten());
        rate.map(super::UsdPerMillion::amount)
    }
}

impl When {
    fn holds(&self, call: Option<&PricedCall<'_>>, usage: &BTreeMap<&str, u64>) -> bool {
        let tier = call.and_then(|call| call.service_tier);
        let tier = tier.map(str::to_ascii_lowercase);
        let input = || {
            let is_input = |name: &str| Class::of_usage(name).is_input();
            let counts = usage.iter().filter(|(name, _)| is_input(name));
            counts.map(|(_, units)| units).sum::<u64>()
        };
        self.service_tier
            .as_ref()
            .is_none_or(|wanted| tier.as_ref() == Some(wanted))
            && self.input_above.is_none_or(|limit| input() > limit)
            && self.usage.iter().all(|condition| condition.holds(usage))
            && self
                .attributes
                .iter()
                .all(|condition| call.is_some_and(|call| condition.holds(call)))
    }
}

impl UsageCondition {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of one call are far below 2^53"
    )]
    fn holds(&self, usage: &BTreeMap<&str, u64>) -> bool {
        let matching = usage.iter().filter(|(name, _)| self.pattern.matches(name));
        let sum: u64 = matching.map(|(_, units)| units).sum();
        self.operator.holds(sum as f64, self.value)
    }
}

impl AttributeCondition {
    fn holds(&self, call: &PricedCall<'_>) -> bool {
        let among = |value: &str| self.values.iter().any(|wanted| wanted == value);
        let json = match self.source {
            AttributeSource::ModelParameters => {
                let is_tier = self.key == "service_tier";
                if is_tier && let Some(tier) = call.service_tier {
                    return among(tier);
                }
                call.model_parameters
            }
            AttributeSource::Metadata => call.metadata,
        };
        let object = json.and_then(|json| serde_json::from_str::<Value>(json).ok());
        object.is_some_and(|object| match object.get(&self.key) {
            Some(Value::String(text)) => among(text),
            Some(Value::Null) | None => false,
            Some(other) => among(&other.to_string()),
        })
    }
}

fn sum(usage: &BTreeMap<&str, u64>) -> u64 {
    usage
        .values()
        .fold(0, |sum, units| sum.saturating_add(*units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(json: &str) -> ModelPrice {
        serde_json::from_str(json).unwrap()
    }

    fn total(price: &ModelPrice, tier: Option<&str>, usage: &[(&str, u64)]) -> Option<i64> {
        let at = Timestamp::from_unix_micros(0).unwrap();
        let call = PricedCall {
            service_tier: tier,
            ..PricedCall::of(&["m"], at)
        };
        let usage = usage.iter().copied().collect();
        price
            .cost(Some(&call), &usage)
            .map(|cost| cost.total.nanos())
    }

    #[test]
    fn a_call_with_a_long_input_has_other_rates_as_a_whole() {
        let price = price(
            r#"{"usd_per_million": {"input": "1", "output": "2", "web_search": "10000"}, "tiers": [
                {"name": "long flex", "when": {"input_above": 100, "service_tier": "flex"},
                 "usd_per_million": {"input": "1.5", "output": "2"}},
                {"name": "long", "when": {"input_above": 100}, "usd_per_million": {"input": "2", "output": "3"}}]}"#,
        );
        assert_eq!(
            total(&price, None, &[("input", 100), ("output", 1)]),
            Some(102_000)
        );
        let long = [
            ("input", 60),
            ("cache_read_input_tokens", 41),
            ("output", 1),
            ("total", 102),
        ];
        assert_eq!(total(&price, None, &long), Some(2 * 101_000 + 3_000));
        assert_eq!(total(&price, Some("Flex"), &long), Some(151_500 + 2_000));
        assert_eq!(
            total(&price, None, &[("web_searches", 2)]),
            Some(20_000_000)
        );
        let searched = [("input", 101), ("web_searches", 1)];
        assert_eq!(total(&price, None, &searched), Some(202_000 + 10_000_000));
    }

    #[test]
    fn an_hour_in_the_cache_is_not_charged_as_five_minutes() {
        let price = price(r#"{"usd_per_million": {"input": "1", "cache_write": "1.25"}}"#);
        assert_eq!(
            total(&price, None, &[("input_cache_write_tokens", 4)]),
            Some(5_000)
        );
        assert_eq!(
            total(&price, None, &[("input_cache_write_1h_tokens", 4)]),
            None
        );
    }

    #[test]
    fn a_price_for_all_units_and_a_price_for_each_request() {
        let by_total = price(r#"{"usd_per_million": {"total": "1"}}"#);
        assert_eq!(
            total(
                &by_total,
                None,
                &[("input", 2), ("output", 3), ("total", 5)]
            ),
            Some(5_000)
        );
        let by_request = price(r#"{"usd_per_million": {"request": "5000", "input": "1"}}"#);
        assert_eq!(total(&by_request, None, &[("input", 1)]), Some(5_001_000));
    }
}
