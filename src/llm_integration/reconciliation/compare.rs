//! Compares an invoice with the ledger, line by line.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{
    Explanation, Reason, ReconciledLine, Reconciliation,
    invoice::{Invoice, InvoiceLine},
    ledger::{Ledger, LedgerLine},
};
use crate::{
    kernel::{NanoUsd, Timestamp},
    llm_integration::{PriceTable, PricedCall},
};

/// Offsets of time zones from UTC, in hours; midnight in UTC is tried first.
const OFFSETS: [i64; 26] = [
    0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6, -7, 7, -8, 8, -9, 9, -10, 10, -11, 11, -12, 12, 13,
];
/// Tiers that an invoice may have charged.
const TIERS: [&str; 3] = ["batch", "flex", "priority"];

type ByDay = BTreeMap<(NaiveDate, String), LedgerLine>;

pub(super) fn compare(invoice: &Invoice, ledger: &Ledger, prices: &PriceTable) -> Reconciliation {
    let offset = offset(invoice, ledger);
    let days = within(invoice, ledger.by_day(offset));
    let at_midnight = within(invoice, ledger.by_day(0));
    let keys: BTreeSet<_> = invoice.keys().chain(days.keys()).cloned().collect();
    let mut lines = Vec::with_capacity(keys.len());
    let mut sums = (NanoUsd::ZERO, NanoUsd::ZERO);
    let mut reconciled = true;
    for key in keys {
        let billed = invoice.get(&key);
        let booked = days.get(&key);
        let mut explanations = explain(&key, billed, booked, prices);
        if offset != 0 && at_midnight.get(&key) != booked {
            let text = format!("the invoice's days begin at {offset}:00 UTC; with that in mind:");
            let reason = Reason::Timezone;
            explanations.insert(0, Explanation { reason, text });
        }
        let known = [Reason::Rounding, Reason::Timezone];
        reconciled &= explanations
            .iter()
            .all(|found| known.contains(&found.reason));
        let booked = booked.cloned().unwrap_or_default();
        let cost = billed.and_then(|line| line.cost);
        sums = (sums.0 + cost.unwrap_or(NanoUsd::ZERO), sums.1 + booked.cost);
        lines.push(line(key, billed, &booked, explanations));
    }
    Reconciliation {
        from: invoice.keys().map(|(date, _)| *date).min(),
        until: invoice.keys().map(|(date, _)| *date).max(),
        invoice_cost: sums.0.to_string(),
        ledger_cost: sums.1.to_string(),
        difference: minus(sums.0, sums.1).to_string(),
        reconciled,
        day_begins_at_hour: offset,
        lines,
    }
}

/// The days of the invoice only: it says nothing of others.
fn within(invoice: &Invoice, mut days: ByDay) -> ByDay {
    let dates: BTreeSet<_> = invoice.keys().map(|(date, _)| *date).collect();
    let (first, last) = (dates.first().copied(), dates.last().copied());
    days.retain(|(date, _), _| {
        first.is_some_and(|first| first <= *date) && last.is_some_and(|last| *date <= last)
    });
    days
}

/// The hour at which days must begin for both to agree best.
fn offset(invoice: &Invoice, ledger: &Ledger) -> i64 {
    let distance = |offset: i64| {
        let days = within(invoice, ledger.by_day(offset));
        let keys: BTreeSet<_> = invoice.keys().chain(days.keys()).collect();
        keys.into_iter()
            .map(|key| gap(invoice.get(key), days.get(key)))
            .fold(0_u64, u64::saturating_add)
    };
    let best = OFFSETS.into_iter().min_by_key(|offset| distance(*offset));
    best.unwrap_or(0)
}

/// How far a line of each are apart: in tokens, or in nano dollars where there are no tokens.
fn gap(billed: Option<&InvoiceLine>, booked: Option<&LedgerLine>) -> u64 {
    let none = LedgerLine::default();
    let booked = booked.unwrap_or(&none);
    let Some(billed) = billed else {
        return booked.input.saturating_add(booked.output);
    };
    if billed.input.is_none() && billed.output.is_none() {
        let cost = billed.cost.unwrap_or(NanoUsd::ZERO);
        return cost.nanos().abs_diff(booked.cost.nanos());
    }
    let input = billed
        .input
        .map_or(0, |tokens| tokens.abs_diff(booked.input));
    let output = billed
        .output
        .map_or(0, |tokens| tokens.abs_diff(booked.output));
    input.saturating_add(output)
}

fn explain(
    key: &(NaiveDate, String),
    billed: Option<&InvoiceLine>,
    booked: Option<&LedgerLine>,
    prices: &PriceTable,
) -> Vec<Explanation> {
    let because = |reason, text: String| Explanation { reason, text };
    let (billed, booked) = match (billed, booked) {
        (Some(billed), Some(booked)) => (billed, booked),
        (Some(_), None) => {
            let text = "the ledger has no call: it was made without this gateway, or its trace was lost or deleted";
            return vec![because(Reason::MissingInLedger, text.to_owned())];
        }
        (None, booked) => {
            let calls = booked.map_or(0, |line| line.calls);
            let text = format!(
                "the invoice has nothing of these {calls} calls: another account paid for them, or it is billed later"
            );
            return vec![because(Reason::MissingInInvoice, text)];
        }
    };
    let mut found = Vec::new();
    let differing = [
        ("input", billed.input, booked.input),
        ("output", billed.output, booked.output),
    ];
    for (name, theirs, ours) in differing {
        if let Some(theirs) = theirs.filter(|theirs| *theirs != ours) {
            let (sign, by) = if theirs > ours {
                ("more", theirs - ours)
            } else {
                ("fewer", ours - theirs)
            };
            let text =
                format!("the invoice counts {by} {sign} {name} tokens: {theirs} and not {ours}");
            found.push(because(Reason::TokensDiffer, text));
        }
    }
    let tokens_agree = found.is_empty();
    if booked.estimated > 0 && (!tokens_agree || differs(billed, booked)) {
        let text = format!(
            "{} of {} calls have estimated tokens",
            booked.estimated, booked.calls
        );
        found.push(because(Reason::EstimatedCalls, text));
    }
    if booked.unpriced > 0 {
        let text = format!(
            "{} of {} calls have no cost: set a price of this model with PUT /api/v1/prices",
            booked.unpriced, booked.calls
        );
        found.push(because(Reason::UnpricedCalls, text));
    }
    let Some(cost) = billed.cost.filter(|cost| *cost != booked.cost) else {
        return found;
    };
    let apart = cost.nanos().abs_diff(booked.cost.nanos());
    if apart
        <= billed
            .rounding
            .nanos()
            .unsigned_abs()
            .saturating_add(booked.calls)
    {
        found.push(because(
            Reason::Rounding,
            "no more than rounding".to_owned(),
        ));
    } else if tokens_agree && booked.unpriced == 0 {
        found.push(because(
            Reason::PriceDiffers,
            price(key, cost, booked, prices),
        ));
    }
    found
}

fn differs(billed: &InvoiceLine, booked: &LedgerLine) -> bool {
    billed.cost.is_some_and(|cost| cost != booked.cost)
}

/// Which rate an invoice may have used, where its tokens are the ledger's.
fn price(
    (date, model): &(NaiveDate, String),
    cost: NanoUsd,
    booked: &LedgerLine,
    prices: &PriceTable,
) -> String {
    let models = [model.as_str()];
    let at = Timestamp::from(date.and_time(chrono::NaiveTime::MIN).and_utc());
    let usage: BTreeMap<&str, u64> = booked
        .usage
        .iter()
        .map(|(name, units)| (name.as_str(), *units))
        .collect();
    let charged = TIERS.into_iter().find(|tier| {
        let call = PricedCall {
            service_tier: Some(tier),
            ..PricedCall::of(&models, at)
        };
        let costs = prices.cost_of(&call, &usage);
        costs.is_some_and(|costs| is_near(costs.total, cost))
    });
    if let Some(tier) = charged {
        return format!("the invoice charges these tokens as the service tier `{tier}` costs");
    }
    let used: Vec<_> = booked
        .usage
        .iter()
        .filter(|(_, units)| **units > 0)
        .collect();
    if let [(class, units)] = used.as_slice() {
        let rate = |cost: NanoUsd| per_million(cost, **units);
        return format!(
            "`{class}` costs {} USD for a million on the invoice, and {} in the price table",
            rate(cost),
            rate(booked.cost)
        );
    }
    let (theirs, ours) = (i128::from(cost.nanos()), i128::from(booked.cost.nanos()));
    let percent = if ours == 0 { 0 } else { theirs * 1000 / ours };
    format!(
        "the invoice is {}.{} % of what the price table says for the same tokens",
        percent / 10,
        percent % 10
    )
}

/// Within a thousandth of one another.
fn is_near(one: NanoUsd, other: NanoUsd) -> bool {
    one.nanos().abs_diff(other.nanos()) <= other.nanos().unsigned_abs() / 1000
}

fn per_million(cost: NanoUsd, units: u64) -> NanoUsd {
    let nanos = i128::from(cost.nanos()) * 1_000_000 / i128::from(units.max(1));
    NanoUsd::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

fn minus(one: NanoUsd, other: NanoUsd) -> NanoUsd {
    NanoUsd::from_nanos(one.nanos().saturating_sub(other.nanos()))
}

fn line(
    (date, model): (NaiveDate, String),
    billed: Option<&InvoiceLine>,
    booked: &LedgerLine,
    explanations: Vec<Explanation>,
) -> ReconciledLine {
    let cost = billed.and_then(|line| line.cost);
    ReconciledLine {
        date,
        model,
        calls: booked.calls,
        invoice_input_tokens: billed.and_then(|line| line.input),
        ledger_input_tokens: booked.input,
        invoice_output_tokens: billed.and_then(|line| line.output),
        ledger_output_tokens: booked.output,
        invoice_cost: cost.map(|cost| cost.to_string()),
        ledger_cost: booked.cost.to_string(),
        difference: cost.map(|cost| minus(cost, booked.cost).to_string()),
        explanations,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm_integration::reconciliation::{InvoiceFormat, LedgerCall, invoice::read};

    fn call(at: &str, model: &str, input: u64, output: u64, nanos: Option<i64>) -> LedgerCall {
        let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
        let usage = [
            ("input", input),
            ("output", output),
            ("total", input + output),
        ];
        LedgerCall {
            at: at.into(),
            model: model.to_owned(),
            usage: usage
                .iter()
                .map(|(name, units)| ((*name).to_owned(), *units))
                .collect(),
            cost: nanos.map(NanoUsd::from_nanos),
            estimated: false,
        }
    }

    fn reconciled(rows: &str, calls: Vec<LedgerCall>) -> Reconciliation {
        let invoice = read(
            format!("date,model,input,output,cost\n{rows}").as_bytes(),
            InvoiceFormat::Generic,
        )
        .unwrap();
        let mut ledger = Ledger::default();
        for call in calls {
            ledger.add(call);
        }
        compare(&invoice, &ledger, &PriceTable::bundled())
    }

    fn reasons(report: &Reconciliation) -> Vec<Reason> {
        let all = report.lines.iter().flat_map(|line| &line.explanations);
        all.map(|explanation| explanation.reason).collect()
    }

    #[test]
    fn what_agrees_is_reconciled_and_rounding_is_no_difference() {
        let calls = || {
            vec![call(
                "2026-01-01T10:00:00Z",
                "gpt-4o-2024-08-06",
                1000,
                100,
                Some(3_500_000),
            )]
        };
        let exact = reconciled("2026-01-01,gpt-4o,1000,100,0.0035\n", calls());
        assert!(exact.reconciled && reasons(&exact).is_empty(), "{exact:?}");
        let rounded = reconciled("2026-01-01,gpt-4o,1000,100,0.00\n", calls());
        assert!(rounded.reconciled);
        assert_eq!(reasons(&rounded), [Reason::Rounding]);
    }

    #[test]
    fn what_one_side_lacks_is_said() {
        let report = reconciled(
            "2026-01-01,gpt-4o,1,1,0.5\n2026-01-02,gpt-4o,5,5,0.5\n",
            vec![
                call("2026-01-01T10:00:00Z", "o3", 1, 1, Some(1)),
                call("2026-01-02T10:00:00Z", "gpt-4o", 4, 5, Some(500_000_000)),
                call("2026-03-02T10:00:00Z", "gpt-4o", 4, 5, Some(500_000_000)),
            ],
        );
        let expected = [
            Reason::MissingInLedger,
            Reason::MissingInInvoice,
            Reason::TokensDiffer,
        ];
        assert_eq!(reasons(&report), expected);
        assert!(!report.reconciled);
        assert!(
            report.lines[2].explanations[0]
                .text
                .contains("1 more input"),
            "{report:?}"
        );
    }

    #[test]
    fn another_price_is_named() {
        let batch = reconciled(
            "2026-01-01,gpt-4o,1000000,100000,1.75\n",
            vec![call(
                "2026-01-01T10:00:00Z",
                "gpt-4o",
                1_000_000,
                100_000,
                Some(3_500_000_000),
            )],
        );
        assert_eq!(reasons(&batch), [Reason::PriceDiffers]);
        assert!(
            batch.lines[0].explanations[0].text.contains("`batch`"),
            "{batch:?}"
        );
        let rate = reconciled(
            "2026-01-01,my-model,1000000,0,3\n",
            vec![call(
                "2026-01-01T10:00:00Z",
                "my-model",
                1_000_000,
                0,
                Some(2_000_000_000),
            )],
        );
        let text = &rate.lines[0].explanations[0].text;
        assert!(
            text.contains("3.000000000") && text.contains("2.000000000"),
            "{text}"
        );
    }

    #[test]
    fn days_that_begin_elsewhere_are_found_out() {
        let report = reconciled(
            "2026-01-01,gpt-4o,10,1,0.1\n2026-01-02,gpt-4o,20,2,0.2\n",
            vec![
                call("2026-01-01T12:00:00Z", "gpt-4o", 10, 1, Some(100_000_000)),
                call("2026-01-02T20:00:00Z", "gpt-4o", 15, 1, Some(150_000_000)),
                call("2026-01-03T05:00:00Z", "gpt-4o", 5, 1, Some(50_000_000)),
            ],
        );
        assert!(report.reconciled, "{report:?}");
        assert_eq!(report.day_begins_at_hour, 6);
        assert_eq!(reasons(&report), [Reason::Timezone]);
    }

    #[test]
    fn estimated_and_unpriced_calls_are_counted() {
        let mut estimated = call("2026-01-01T12:00:00Z", "gpt-4o", 9, 1, Some(100_000_000));
        estimated.estimated = true;
        let unpriced = call("2026-01-01T12:00:00Z", "mine", 5, 1, None);
        let report = reconciled(
            "2026-01-01,gpt-4o,10,1,0.5\n2026-01-01,mine,5,1,0.5\n",
            vec![estimated, unpriced],
        );
        let expected = [
            Reason::TokensDiffer,
            Reason::EstimatedCalls,
            Reason::UnpricedCalls,
        ];
        assert_eq!(reasons(&report), expected);
    }
}
