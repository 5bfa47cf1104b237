//! What kind of step a span is. The vocabularies are asked in order; the first that knows decides.

use super::{frameworks, genai, langfuse, openinference, vercel, view::SpanView};
use crate::llm_integration::ObservationKind;

type Rule = fn(&SpanView<'_>) -> Option<ObservationKind>;

const RULES: &[Rule] = &[
    langfuse::kind_of_old_sdk,
    langfuse::kind,
    openinference::kind,
    genai::kind,
    frameworks::genkit_kind,
    vercel::kind,
    genai::tool_kind,
    frameworks::kind,
    by_model,
];

pub fn kind(view: &SpanView<'_>) -> ObservationKind {
    let known = RULES.iter().find_map(|rule| rule(view));
    known.unwrap_or(ObservationKind::Span)
}

/// A step that names a model is a call of it.
fn by_model(view: &SpanView<'_>) -> Option<ObservationKind> {
    const KEYS: &[&str] = &[
        langfuse::MODEL,
        "gen_ai.request.model",
        "gen_ai.response.model",
        "llm.model_name",
        "model",
    ];
    let is_outer_step = vercel::is_outer_step(view);
    (view.attributes.first(KEYS).is_some() && !is_outer_step).then_some(ObservationKind::Generation)
}

/// The kind that a vocabulary's word stands for.
pub fn named(word: &str, words: &[(&str, ObservationKind)]) -> Option<ObservationKind> {
    let found = words.iter().find(|(known, _)| *known == word);
    found.map(|(_, kind)| *kind)
}
