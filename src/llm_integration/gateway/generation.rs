//! What a provider answered, as far as a trace needs it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::llm_integration::{
    AnthropicUsage, JsonText, OpenAiResponsesUsage, OpenAiUsage, Usage,
    dialects::{Dialect, EncodeContext, chat},
};

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
    /// Whether `usage` was counted here, as the provider did not say it to the end.
    pub usage_is_estimated: bool,
}

#[derive(Deserialize)]
struct ChatView<'a> {
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

#[derive(Deserialize)]
struct MessageView<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(borrow)]
    content: &'a RawValue,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// Beside the tokens, how the call was served.
#[derive(Deserialize)]
struct TierView {
    #[serde(default)]
    service_tier: Option<String>,
}

#[derive(Deserialize)]
struct ResponseView<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    service_tier: Option<String>,
    #[serde(borrow)]
    output: &'a RawValue,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    incomplete_details: Option<IncompleteView>,
    #[serde(default)]
    usage: Option<OpenAiResponsesUsage>,
}

#[derive(Deserialize)]
struct IncompleteView {
    #[serde(default)]
    reason: Option<String>,
}

impl Generation {
    /// Reads a whole answer. One that is not as expected is kept as it came.
    pub fn of_answer(dialect: Dialect, body: &[u8], limit: usize) -> Self {
        let read = match dialect {
            Dialect::OpenAiChat => Self::of_chat(body, limit),
            Dialect::Anthropic => Self::of_message(body, limit),
            Dialect::OpenAiResponses => Self::of_response(body, limit),
            Dialect::Gemini | Dialect::Bedrock => {
                return match dialect.decode_answer(body) {
                    Ok(answer) => Self::of_told(Dialect::OpenAiChat, &answer, limit),
                    Err(_) => Self::of_unreadable(body, limit),
                };
            }
        };
        read.unwrap_or_else(|_| Self::of_unreadable(body, limit))
    }

    /// An answer that we tell, in the words of `surface`.
    pub fn of_told(surface: Dialect, answer: &chat::Answer, limit: usize) -> Self {
        let told = surface.encode_answer(answer, &EncodeContext::default());
        let reasons = answer
            .choices
            .iter()
            .filter_map(|choice| choice.stop.as_ref());
        Self {
            id: answer.id.as_deref().map(storable),
            model: answer.model.as_deref().map(storable),
            service_tier: answer.service_tier.as_deref().map(storable),
            finish_reasons: reasons
                .map(|reason| storable(reason.finish_reason()))
                .collect(),
            usage: answer.usage,
            usage_is_estimated: false,
            output: Self::of_answer(surface, &told, limit).output,
        }
    }

    /// Whether the provider declined to answer for what the content is.
    pub fn is_declined(&self) -> bool {
        let declines = |reason: &String| matches!(reason.as_str(), "content_filter" | "refusal");
        self.finish_reasons.iter().any(declines)
    }

    fn of_chat(body: &[u8], limit: usize) -> Result<Self, serde_json::Error> {
        let answer: ChatView<'_> = serde_json::from_slice(body)?;
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
        let reasons = answer.choices.iter();
        Ok(Self {
            id: answer.id.as_deref().map(storable),
            model: answer.model.as_deref().map(storable),
            service_tier: answer.service_tier.as_deref().map(storable),
            finish_reasons: reasons
                .filter_map(|choice| choice.finish_reason.as_deref())
                .map(storable)
                .collect(),
            output: Some(output),
            usage: answer.usage.map(Usage::from),
            usage_is_estimated: false,
        })
    }

    fn of_message(body: &[u8], limit: usize) -> Result<Self, serde_json::Error> {
        #[derive(Serialize)]
        struct Output<'a> {
            role: &'static str,
            content: &'a RawValue,
        }
        let answer: MessageView<'_> = serde_json::from_slice(body)?;
        let output = Output {
            role: "assistant",
            content: answer.content,
        };
        let raw = answer.usage.map_or("null", RawValue::get);
        let usage: Option<AnthropicUsage> = serde_json::from_str(raw)?;
        let tier: Option<TierView> = serde_json::from_str(raw)?;
        let tier = tier.and_then(|usage| usage.service_tier);
        Ok(Self {
            id: answer.id.as_deref().map(storable),
            model: answer.model.as_deref().map(storable),
            service_tier: tier.as_deref().map(storable),
            finish_reasons: answer
                .stop_reason
                .as_deref()
                .map(storable)
                .into_iter()
                .collect(),
            output: Some(JsonText::of(&output).cut(limit)),
            usage: usage.map(Usage::from),
            usage_is_estimated: false,
        })
    }

    fn of_response(body: &[u8], limit: usize) -> Result<Self, serde_json::Error> {
        let answer: ResponseView<'_> = serde_json::from_slice(body)?;
        let reason = answer.incomplete_details.and_then(|details| details.reason);
        let reason = reason.or(answer.status);
        Ok(Self {
            id: answer.id.as_deref().map(storable),
            model: answer.model.as_deref().map(storable),
            service_tier: answer.service_tier.as_deref().map(storable),
            finish_reasons: reason.as_deref().map(storable).into_iter().collect(),
            output: Some(JsonText::capture(answer.output, limit)),
            usage: answer.usage.map(Usage::from),
            usage_is_estimated: false,
        })
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
        let generation = Generation::of_answer(Dialect::OpenAiChat, body, 1000);
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
        let generation = Generation::of_answer(Dialect::OpenAiChat, b"<html>busy</html>", 1000);
        assert_eq!(generation.output.unwrap().plain(), "<html>busy</html>");
        assert_eq!(generation.usage, None);
    }

    #[test]
    fn anthropics_and_responses_answers_are_read_in_their_own_words() {
        let message = br#"{"id":"msg_1","type":"message","model":"claude-x","content":[{"type":"text","text":"a"}],
            "stop_reason":"refusal","usage":{"input_tokens":2,"cache_read_input_tokens":8,"output_tokens":3,"service_tier":"batch"}}"#;
        let generation = Generation::of_answer(Dialect::Anthropic, message, 1000);
        assert_eq!(
            generation.output.as_ref().unwrap().get(),
            r#"{"role":"assistant","content":[{"type":"text","text":"a"}]}"#
        );
        let usage = generation.usage.unwrap();
        assert_eq!((usage.input, usage.input_cached, usage.output), (2, 8, 3));
        assert_eq!(generation.service_tier.as_deref(), Some("batch"));
        assert!(generation.is_declined());
        let response = br#"{"id":"resp_1","model":"gpt-x","status":"incomplete","output":[{"x":1.50}],
            "incomplete_details":{"reason":"max_output_tokens"},
            "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":1,"total_tokens":11}}"#;
        let generation = Generation::of_answer(Dialect::OpenAiResponses, response, 1000);
        assert_eq!(generation.output.as_ref().unwrap().get(), r#"[{"x":1.50}]"#);
        assert_eq!(generation.finish_reasons, ["max_output_tokens"]);
        let usage = generation.usage.unwrap();
        assert_eq!((usage.input, usage.input_cached), (6, 4));
        assert!(!generation.is_declined());
    }
}
