//! Any permutation, repetition and batching of the same reports comes to the same state, also when
//! it is stored and read back in between.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Body, ObservationState, TraceState, metadata::instant};
use crate::{
    kernel::NanoUsd,
    llm_integration::{JsonText, Level, ObservationKind, ObservationReport, TraceReport},
};

fn small<T: Clone + std::fmt::Debug + 'static>(
    values: &[T],
) -> impl Strategy<Value = Option<T>> + use<T> {
    prop::option::of(prop::sample::select(values.to_vec()))
}

fn text() -> impl Strategy<Value = Option<String>> {
    small(&["a", "b", "default", ""]).prop_map(|text| text.map(str::to_owned))
}

fn json() -> impl Strategy<Value = Option<JsonText>> {
    let values = [
        r#"{"a": 1}"#,
        r#"{"a": {"b": 1}}"#,
        r#"{"a": {"b": 2, "c": {}}}"#,
        r#"{"a": {}}"#,
        r#"{"a": {"c": {"d": 1}}, "z": "x"}"#,
        r#"{"a":  1}"#,
        "[1]",
        "{}",
    ];
    small(&values).prop_map(|text| text.and_then(|text| JsonText::stored(text.to_owned())))
}

prop_compose! {
    fn trace_report()(
        at in 0..4_i64, started in prop::option::of(0..4_i64), name in text(), environment in text(),
        public in prop::option::of(any::<bool>()), tags in prop::collection::vec("[ab]", 0..2),
        metadata in json(), input in json(),
    ) -> TraceReport {
        TraceReport {
            started_at: started.map(instant), name, environment, public, tags, metadata, input,
            ..TraceReport::new("t".parse().unwrap(), instant(at))
        }
    }
}

prop_compose! {
    fn observation_report()(
        at in 0..4_i64, times in (prop::option::of(0..4_i64), prop::option::of(0..4_i64)),
        name in text(), environment in text(),
        kind in small(&[ObservationKind::Span, ObservationKind::Tool, ObservationKind::Generation]),
        level in small(&[Level::Default, Level::Error, Level::Debug]),
        usage in small(&[1_u64, 2]), estimated in any::<bool>(), cost in small(&[1_i64, 2]),
        jsons in (json(), json(), json()),
    ) -> ObservationReport {
        let of_total = |value| BTreeMap::from([("total".to_owned(), value)]);
        ObservationReport {
            started_at: times.0.map(instant), ended_at: times.1.map(instant), name, environment,
            kind, level, usage: usage.map(of_total).unwrap_or_default(),
            usage_estimated: estimated,
            cost: cost.map(|nanos| BTreeMap::from([("total".to_owned(), NanoUsd::from_nanos(nanos))])).unwrap_or_default(),
            metadata: jsons.0, model_parameters: jsons.1, output: jsons.2,
            ..ObservationReport::new("o".parse().unwrap(), "t".parse().unwrap(), instant(at))
        }
    }
}

fn trace_state(report: &TraceReport) -> TraceState {
    let body = |text: &Option<JsonText>| text.clone().map(Body::inline);
    TraceState::said(report.clone(), body(&report.input), body(&report.output))
}

fn observation_state(report: &ObservationReport) -> ObservationState {
    let body = |text: &Option<JsonText>| text.clone().map(Body::inline);
    ObservationState::said(report.clone(), body(&report.input), body(&report.output))
}

/// Joins the states of an order of indices, in batches that are joined first.
fn joined<S: Clone>(states: &[S], order: &[usize], batch: usize, join: fn(&mut S, S)) -> S {
    let mut all: Option<S> = None;
    for batch in order.chunks(batch) {
        let mut one = states[batch[0]].clone();
        for index in &batch[1..] {
            join(&mut one, states[*index].clone());
        }
        match &mut all {
            Some(all) => join(all, one),
            None => all = Some(one),
        }
    }
    all.expect("at least one report")
}

/// Every report once in an order of its own, and some of them again.
fn orders(count: usize) -> impl Strategy<Value = (Vec<usize>, usize)> {
    let all: Vec<usize> = (0..count).collect();
    let again = prop::collection::vec(0..count, 0..4);
    (Just(all).prop_shuffle(), again, 1..4_usize).prop_flat_map(|(order, again, batch)| {
        let order = [order, again].concat();
        (Just(order).prop_shuffle(), Just(batch))
    })
}

fn several<T: std::fmt::Debug + Clone>(
    report: impl Strategy<Value = T>,
) -> impl Strategy<Value = (Vec<T>, (Vec<usize>, usize))> {
    prop::collection::vec(report, 1..6).prop_flat_map(|reports| {
        let count = reports.len();
        (Just(reports), orders(count))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn traces_converge((reports, (order, batch)) in several(trace_report())) {
        let states: Vec<_> = reports.iter().map(trace_state).collect();
        let in_order: Vec<_> = (0..states.len()).collect();
        let expected = joined(&states, &in_order, 1, TraceState::join);
        let other = joined(&states, &order, batch, TraceState::join);
        prop_assert_eq!(&expected, &other);
        prop_assert_eq!(expected.instants(), other.instants());
        prop_assert_eq!(expected.metadata.text(), other.metadata.text());
    }

    #[test]
    fn observations_converge((reports, (order, batch)) in several(observation_report())) {
        let states: Vec<_> = reports.iter().map(observation_state).collect();
        let in_order: Vec<_> = (0..states.len()).collect();
        let expected = joined(&states, &in_order, 1, ObservationState::join);
        let other = joined(&states, &order, batch, ObservationState::join);
        prop_assert_eq!(&expected, &other);
        prop_assert_eq!(expected.metadata.text(), other.metadata.text());
    }
}
