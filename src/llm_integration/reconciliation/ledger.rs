//! The calls of a project, summed so that a day can begin at any hour.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};

use crate::{
    kernel::{NanoUsd, Timestamp},
    llm_integration::Class,
};

/// Digits of a date at the end of a model's name, with and without hyphens.
const DATE_CHARS: [usize; 2] = [10, 8];

/// What of a call concerns its cost.
#[derive(Clone, Debug)]
pub struct LedgerCall {
    pub at: Timestamp,
    pub model: String,
    pub usage: BTreeMap<String, u64>,
    pub cost: Option<NanoUsd>,
    /// Its tokens were counted here, not by the provider.
    pub estimated: bool,
}

/// Sums over calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerLine {
    pub calls: u64,
    pub input: u64,
    pub output: u64,
    pub usage: BTreeMap<String, u64>,
    pub cost: NanoUsd,
    pub estimated: u64,
    /// Calls whose cost is not known.
    pub unpriced: u64,
}

/// Sums by hour and model.
#[derive(Clone, Debug, Default)]
pub struct Ledger(BTreeMap<(DateTime<Utc>, String), LedgerLine>);

impl Ledger {
    pub fn add(&mut self, call: LedgerCall) {
        let time = call.at.as_datetime();
        let hour = time
            .with_minute(0)
            .and_then(|time| time.with_second(0))
            .and_then(|time| time.with_nanosecond(0))
            .unwrap_or(time);
        let line = self.0.entry((hour, base_name(&call.model))).or_default();
        line.calls += 1;
        line.estimated += u64::from(call.estimated);
        match call.cost {
            Some(cost) => line.cost = line.cost + cost,
            None => line.unpriced += 1,
        }
        for (name, units) in call.usage {
            if name == "total" {
                continue;
            }
            let class = Class::of_usage(&name);
            if class.is_input() {
                line.input = line.input.saturating_add(units);
            } else if !class.is_unit() {
                line.output = line.output.saturating_add(units);
            }
            let sum = line.usage.entry(name).or_default();
            *sum = sum.saturating_add(units);
        }
    }

    /// By day, where a day begins `offset` hours after midnight in UTC.
    pub fn by_day(&self, offset: i64) -> BTreeMap<(NaiveDate, String), LedgerLine> {
        let mut days: BTreeMap<_, LedgerLine> = BTreeMap::new();
        for ((hour, model), line) in &self.0 {
            let day = (*hour - TimeDelta::hours(offset)).date_naive();
            days.entry((day, model.clone())).or_default().merge(line);
        }
        days
    }
}

impl LedgerLine {
    fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cost = self.cost + other.cost;
        self.estimated += other.estimated;
        self.unpriced += other.unpriced;
        for (name, units) in &other.usage {
            let sum = self.usage.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*units);
        }
    }
}

/// A model's name without its snapshot's date, which only one side may name.
pub fn base_name(model: &str) -> String {
    let lower = model.to_ascii_lowercase();
    for chars in DATE_CHARS {
        let Some(at) = lower.len().checked_sub(chars + 1) else {
            continue;
        };
        let Some((name, date)) = lower.split_at_checked(at) else {
            continue;
        };
        let is_date = date.starts_with("-20")
            && date
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
            && date.matches('-').count() == if chars == 10 { 3 } else { 1 };
        if is_date {
            return name.to_owned();
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_a_model_without_its_date() {
        assert_eq!(base_name("gpt-4o-2024-08-06"), "gpt-4o");
        assert_eq!(base_name("claude-sonnet-4-5-20250929"), "claude-sonnet-4-5");
        assert_eq!(base_name("Gemini-2.5-Pro"), "gemini-2.5-pro");
        assert_eq!(base_name("mistral-large-2411"), "mistral-large-2411");
    }
}
