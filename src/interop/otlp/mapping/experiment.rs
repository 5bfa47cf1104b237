//! The experiment that a step was run for.

use super::{langfuse, view::SpanView};
use crate::interop::label::label;

pub struct PartOf {
    pub id: Option<String>,
    pub name: Option<String>,
    pub item: Option<String>,
}

pub fn of(view: &SpanView<'_>) -> PartOf {
    let text = |key| view.attributes.first_text(&[key]).and_then(label);
    PartOf {
        id: text(langfuse::EXPERIMENT_ID),
        name: text(langfuse::EXPERIMENT_NAME),
        item: text(langfuse::EXPERIMENT_ITEM_ID),
    }
}
