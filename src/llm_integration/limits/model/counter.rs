//! Which counters a call moves, and how each is kept.

use std::{collections::BTreeMap, fmt};

use super::{Estimate, KeyPolicy, LimitRule, LimitSubject, Measure, Subject, SubjectKind, Window};
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::ModelPattern,
};

/// What one subject used of one measure in one window. It does not know its limit: a limit that is
/// changed, or set twice, counts the same use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter {
    pub project: ProjectId,
    pub subject: LimitSubject,
    pub measure: Measure,
    pub starts_at: Timestamp,
}

/// How a counter is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// A count from 0 that may be forgotten in a crash: its window is over before that matters.
    Count,
    /// What is left of an amount that the database has set aside: no crash forgets what was used.
    Balance,
    /// A set of calls in progress, each until its lease ends.
    Slots,
}

/// What a call asks of one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub counter: Counter,
    pub amount: i64,
    pub limit: i64,
}

impl Counter {
    pub fn new(
        project: ProjectId,
        subject: LimitSubject,
        measure: Measure,
        now: Timestamp,
    ) -> Self {
        let window = measure.window().unwrap_or(Window::Total);
        Self {
            project,
            subject,
            measure,
            starts_at: window.start(now),
        }
    }

    /// The counter of another subject of the same kind.
    pub fn like(&self, value: &str) -> Self {
        Self {
            subject: LimitSubject::each(self.subject.kind(), value),
            ..self.clone()
        }
    }

    pub fn ends_at(&self) -> Option<Timestamp> {
        self.measure.window()?.end(self.starts_at)
    }

    pub fn keeping(&self) -> Keeping {
        match self.measure {
            Measure::ParallelRequests => Keeping::Slots,
            Measure::Requests(Window::Second | Window::Minute)
            | Measure::Tokens(Window::Second | Window::Minute) => Keeping::Count,
            Measure::Money(_) | Measure::Requests(_) | Measure::Tokens(_) => Keeping::Balance,
        }
    }
}

impl fmt::Display for Counter {
    /// As in the name of its key in Redis.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            project,
            subject,
            measure,
            starts_at,
        } = self;
        let window = measure.window().map_or("now", Window::name);
        let start = starts_at.unix_micros() / 1_000_000;
        let (kind, unit) = (subject.kind().name(), measure.unit());
        write!(
            f,
            "{{{project}}}:{kind}:{unit}:{window}:{start}:{}",
            subject.value()
        )
    }
}

/// What a call asks of every counter that has a limit for it, in the order of the counters.
pub fn claims(
    rules: &[LimitRule],
    policy: Option<&KeyPolicy>,
    subject: &Subject<'_>,
    estimate: &Estimate,
    now: Timestamp,
) -> Vec<Claim> {
    let mut found: BTreeMap<Counter, Claim> = BTreeMap::new();
    let mut add = |counted_as: LimitSubject, limit: super::Limit| {
        let counter = Counter::new(subject.project, counted_as, limit.measure, now);
        let limit = limit.amount.get();
        let claim = found.entry(counter).or_insert_with_key(|counter| Claim {
            counter: counter.clone(),
            amount: amount(counter.measure, estimate),
            limit,
        });
        claim.limit = claim.limit.min(limit);
    };
    for rule in rules {
        for counted_as in counted_as(&rule.subject, policy, subject) {
            add(counted_as, rule.limit);
        }
    }
    if let (Some(policy), Some(key)) = (policy, subject.key) {
        for limit in &policy.limits {
            add(LimitSubject::of_key(key), *limit);
        }
    }
    found.into_values().collect()
}

/// Of what is not known nothing is held back.
fn amount(measure: Measure, estimate: &Estimate) -> i64 {
    match measure {
        Measure::Requests(_) | Measure::ParallelRequests => 1,
        Measure::Tokens(_) => bounded(estimate.tokens()),
        Measure::Money(_) => estimate
            .cost
            .map_or(0, |cost| cost.nanos().clamp(0, super::MAX_AMOUNT)),
    }
}

/// A count that no sum of two can overflow, and that a Redis script holds exactly.
pub fn bounded(count: u64) -> i64 {
    i64::try_from(count)
        .unwrap_or(i64::MAX)
        .min(super::MAX_AMOUNT)
}

/// As whom a rule's subject counts this call.
fn counted_as(
    of_rule: &LimitSubject,
    policy: Option<&KeyPolicy>,
    subject: &Subject<'_>,
) -> Vec<LimitSubject> {
    let kind = of_rule.kind();
    let names: Vec<String> = match kind {
        SubjectKind::Project => return vec![of_rule.clone()],
        SubjectKind::Key => subject.key.iter().map(ToString::to_string).collect(),
        SubjectKind::User => subject.user.iter().map(ToString::to_string).collect(),
        SubjectKind::Tag => {
            let of_key = policy.map_or(&[][..], |policy| &policy.tags);
            subject.tags.iter().chain(of_key).cloned().collect()
        }
        SubjectKind::Model if of_rule.is_each() => vec![subject.model.to_owned()],
        SubjectKind::Model => {
            let pattern = of_rule.value().parse::<ModelPattern>();
            let matches = pattern.is_ok_and(|pattern| pattern.matches(subject.model));
            return matches.then(|| of_rule.clone()).into_iter().collect();
        }
    };
    let names = names.iter().map(|name| LimitSubject::each(kind, name));
    names
        .filter(|name| of_rule.is_each() || name == of_rule)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{Id, NanoUsd},
        llm_integration::limits::{Amount, Limit},
    };

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(1_700_000_000_000_000).unwrap()
    }

    fn rule(kind: &str, value: Option<&str>, measure: Measure, amount: u64) -> LimitRule {
        LimitRule {
            id: Id::from_name("r"),
            subject: LimitSubject::parse(kind, value).unwrap(),
            limit: Limit {
                measure,
                amount: Amount::count(amount).unwrap(),
            },
            created_at: now(),
            updated_at: now(),
        }
    }

    #[test]
    fn a_call_moves_the_counters_that_have_a_limit_for_it_and_each_once() {
        let minute = Measure::Requests(Window::Minute);
        let rules = [
            rule("project", None, Measure::Money(Window::Month), 10),
            rule("user", Some("*"), minute, 5),
            rule("user", Some("ann"), minute, 3),
            rule("user", Some("bob"), minute, 1),
            rule("tag", Some("*"), Measure::Tokens(Window::Day), 100),
            rule("model", Some("gpt-*"), Measure::ParallelRequests, 2),
            rule("model", Some("claude-*"), Measure::ParallelRequests, 2),
        ];
        let policy = KeyPolicy {
            tags: vec!["b".to_owned()],
            ..KeyPolicy::default()
        };
        let tags = ["a".to_owned(), "b".to_owned()];
        let subject = Subject {
            project: Id::from_name("p"),
            key: None,
            user: Some("ann"),
            tags: &tags,
            model: "gpt-4o",
            route: None,
        };
        let estimate = Estimate {
            input_tokens: 2,
            output_tokens: 3,
            cost: Some(NanoUsd::from_nanos(7)),
        };
        let claims = claims(&rules, Some(&policy), &subject, &estimate, now());
        let shown: Vec<_> = claims
            .iter()
            .map(|claim| (claim.counter.subject.to_string(), claim.amount, claim.limit))
            .collect();
        let claim = |subject: &str, amount, limit| (subject.to_owned(), amount, limit);
        assert_eq!(
            shown,
            [
                claim("this project", 7, 10),
                claim("user `ann`", 1, 3),
                claim("tag `a`", 5, 100),
                claim("tag `b`", 5, 100),
                claim("model `gpt-*`", 1, 2),
            ]
        );
    }
}
