//! What a provider answered, as far as a trace needs it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::llm_integration::{JsonText, OpenAiUsage, Usage};

/// Longest text that is kept of an answer's short fields.
const MAX_FIELD_CHARS: usize = 200;

/// The parts of an answer that are recorded; all are `None` for an answer that never came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Generation {
    pub id: Option<String>,
    /// The model that answered, which can be a snapshot of the one asked for.
    pub model: Option<String>,
    pub service_tier: Option<String>,
    /// Of each choice.
    pub finish_reasons: Vec<String>,
    /// The message; with several choices, all of them.
    pub output: Option<JsonText>,
    pub usage: Option<Usage>,
}

#[derive(Deserialize)]
struct AnswerView<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    service_tier: Option<String>,
    #[serde(borrow, default)]
    choices: Vec<ChoiceView<'a>>,
    #[serde(default)]
    usage: Option<OpenAiUsage>,
}

#[derive(Deserialize)]
struct ChoiceView<'a> {
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(default)]
    finish_reason: Option<String>,
}

impl Generation {
    /// Reads a whole answer. One that is not as expected is kept as it came.
    pub fn of_answer(body: &[u8], limit: usize) -> Self {
        let Ok(answer) = serde_json::from_slice::<AnswerView<'_>>(body) else {
            return Self::of_unreadable(body, limit);
        };
        let messages: Vec<_> = answer
            .choices
            .iter()
            .filter_map(|choice| choice.message)
            .collect();
        let output = match messages.as_slice() {
            [] => JsonText::capture_bytes(body, limit),
            [message] => JsonText::capture(message, limit),
            several => JsonText::of(&several).cut(limit),
        };
        Self {
            id: answer.id.as_deref().map(storable),
            model: answer.model.as_deref().map(storable),
            service_tier: answer.service_tier.as_deref().map(storable),
            finish_reasons: answer
                .choices
                .iter()
                .filter_map(|c| c.finish_reason.as_deref())
                .map(storable)
                .collect(),
            output: Some(output),
            usage: answer.usage.map(Usage::from),
        }
    }

    /// An error's body, or an answer that is not OpenAI's.
    pub fn of_unreadable(body: &[u8], limit: usize) -> Self {
        let output = (!body.is_empty()).then(|| JsonText::capture_bytes(body, limit));
        Self {
            output,
            ..Self::default()
        }
    }
}

/// A provider's text as a column can hold it: short, and without NUL.
pub(super) fn storable(text: &str) -> String {
    text.chars()
        .filter(|c| *c != '\0')
        .take(MAX_FIELD_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_kept_as_it_was_written() {
        let body = br#"{"id":"c","model":"m-1","choices":[{"message":{"role":"assistant","content":"a\u0000","x":1.50},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":3},"new":[]}"#;
        let generation = Generation::of_answer(body, 1000);
        assert_eq!(
            generation.output.unwrap().get(),
            r#"{"role":"assistant","content":"a\u0000","x":1.50}"#
        );
        assert_eq!(generation.model.as_deref(), Some("m-1"));
        assert_eq!(generation.finish_reasons, ["stop"]);
        assert_eq!(generation.usage.unwrap().total, 5);
    }

    #[test]
    fn what_is_no_answer_is_kept_too_and_costs_nothing_known() {
        let generation = Generation::of_answer(b"<html>busy</html>", 1000);
        assert_eq!(generation.output.unwrap().plain(), "<html>busy</html>");
        assert_eq!(generation.usage, None);
    }
}
