//! Evaluations that travel with spans: OpenTelemetry's `gen_ai.evaluation.result` events, and
//! OpenInference's `evaluations` and `annotations`.

use std::collections::BTreeSet;

use super::{attributes::Attributes, ids::Ids, view::SpanView};
use crate::{
    interop::{label::label, otlp::wire::Value},
    kernel::Timestamp,
    llm_integration::{ObservationId, TraceId},
};

/// A score of one observation. Its id follows from what it says, so that a span that is sent again
/// scores nothing twice.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanScore {
    pub id: String,
    pub trace: TraceId,
    pub observation: ObservationId,
    pub name: String,
    pub value: ScoredAs,
    pub comment: Option<String>,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ScoredAs {
    Number(f64),
    Label(String),
}

const EVENT: &str = "gen_ai.evaluation.result";
/// Lists of OpenInference, and what each item's keys begin with.
const LISTS: [(&str, &str); 2] = [
    ("evaluations.", "evaluation."),
    ("annotations.", "annotation."),
];

pub fn scores(view: &SpanView<'_>, ids: &Ids) -> Vec<SpanScore> {
    let events = view.events.iter().filter(|event| event.name == EVENT);
    let of_events = events.filter_map(|event| {
        let at = event.at.unwrap_or(view.ended_at);
        let keys = [
            "gen_ai.evaluation.name",
            "gen_ai.evaluation.score.value",
            "gen_ai.evaluation.score.label",
            "gen_ai.evaluation.explanation",
        ];
        score(&event.attributes, keys.map(str::to_owned), ids, at)
    });
    of_events.chain(of_lists(view, ids)).collect()
}

fn of_lists<'a>(view: &'a SpanView<'_>, ids: &'a Ids) -> impl Iterator<Item = SpanScore> + 'a {
    LISTS.into_iter().flat_map(move |(list, item)| {
        let numbers: BTreeSet<_> = view
            .attributes
            .under(list)
            .filter_map(|(rest, _)| rest.split_once('.').map(|(number, _)| number))
            .collect();
        numbers.into_iter().filter_map(move |number| {
            let key = |field: &str| {
                let nested = format!("{list}{number}.{item}{field}");
                let is_nested = view.attributes.get(&nested).is_some();
                if is_nested {
                    nested
                } else {
                    format!("{list}{number}.{field}")
                }
            };
            let keys = ["name", "score", "label", "explanation"].map(key);
            score(view.attributes, keys, ids, view.ended_at)
        })
    })
}

/// Keys of the name, the number, the label and the explanation.
fn score(
    attributes: &Attributes,
    [name, number, text, explanation]: [String; 4],
    ids: &Ids,
    at: Timestamp,
) -> Option<SpanScore> {
    let name = label(attributes.text(&name)?)?;
    let number = attributes.get(&number).and_then(Value::as_f64);
    let text = attributes.text(&text).and_then(label);
    let explanation = attributes.text(&explanation).and_then(label);
    let value = match (number, &text) {
        (Some(number), _) => ScoredAs::Number(number),
        (None, Some(text)) => ScoredAs::Label(text.clone()),
        (None, None) => return None,
    };
    let comment = match (number, text, explanation) {
        (Some(_), Some(text), Some(explanation)) => Some(format!("{text}: {explanation}")),
        (Some(_), Some(text), None) => Some(text),
        (_, _, explanation) => explanation,
    };
    let unique = format!("{}/{}/{name}/{}", ids.trace, ids.span, at.unix_micros());
    Some(SpanScore {
        id: blake3::hash(unique.as_bytes()).to_hex()[..32].to_owned(),
        trace: ids.trace.clone(),
        observation: ids.span.clone(),
        name,
        value,
        comment,
        at,
    })
}
