//! Tokens in classes that do not overlap, from conventions whose totals include their parts.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{attributes::Attributes, langfuse, vercel, view::SpanView};
use crate::{interop::otlp::wire::Value, kernel::NanoUsd, llm_integration::ObservationKind};

pub type Usage = BTreeMap<String, u64>;

/// What a convention calls the whole of one direction.
const INPUT: &[&str] = &[
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
];
const OUTPUT: &[&str] = &[
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
];
const TOTAL: &[&str] = &[
    "gen_ai.usage.total_tokens",
    "llm.usage.total_tokens",
    "llm.token_count.total",
    "ai.usage.totalTokens",
    "ai.usage.tokens",
];

/// A part of a whole: our name of its class, and what conventions call it.
type Part = (&'static str, &'static [&'static str]);

const INPUT_PARTS: &[Part] = &[
    (
        "input_cached_tokens",
        &[
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.cache_read_tokens",
            "gen_ai.usage.details.cache_read_input_tokens",
            "gen_ai.usage.details.cache_read_tokens",
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_input",
            "ai.usage.inputTokenDetails.cacheReadTokens",
            "ai.usage.cachedInputTokens",
        ],
    ),
    (
        "input_cache_write_tokens",
        &[
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens",
            "gen_ai.usage.details.cache_write_tokens",
            "llm.token_count.prompt_details.cache_write",
            "ai.usage.inputTokenDetails.cacheWriteTokens",
        ],
    ),
    (
        "input_audio_tokens",
        &[
            "gen_ai.usage.audio.input_tokens",
            "llm.token_count.prompt_details.audio",
        ],
    ),
    ("input_image_tokens", &["gen_ai.usage.image.input_tokens"]),
];
const OUTPUT_PARTS: &[Part] = &[
    (
        "output_reasoning_tokens",
        &[
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.thoughts_tokens",
            "gen_ai.usage.details.reasoning_tokens",
            "llm.token_count.completion_details.reasoning",
            "llm.token_count.reasoning_tokens",
            "ai.usage.outputTokenDetails.reasoningTokens",
            "ai.usage.reasoningTokens",
        ],
    ),
    (
        "output_audio_tokens",
        &[
            "gen_ai.usage.audio.output_tokens",
            "llm.token_count.completion_details.audio",
        ],
    ),
    ("output_image_tokens", &["gen_ai.usage.image.output_tokens"]),
];

/// What a provider said of itself within Vercel's `ai.response.providerMetadata`.
const PROVIDER_METADATA: &str = "ai.response.providerMetadata";
const PROVIDER_PARTS: &[(&str, &str)] = &[
    ("input_cached_tokens", "/openai/cachedPromptTokens"),
    (
        "input_cached_tokens",
        "/anthropic/usage/cache_read_input_tokens",
    ),
    ("input_cached_tokens", "/bedrock/usage/cacheReadInputTokens"),
    (
        "input_cache_write_tokens",
        "/anthropic/usage/cache_creation_input_tokens",
    ),
    (
        "input_cache_write_tokens",
        "/bedrock/usage/cacheWriteInputTokens",
    ),
    ("output_reasoning_tokens", "/openai/reasoningTokens"),
];
/// Of what was written to a cache, the tokens that stay for an hour.
const WRITTEN_FOR_AN_HOUR: &str = "/anthropic/usage/cache_creation/ephemeral_1h_input_tokens";

/// Usage of the call that the span is. Spans around calls repeat it, and are not counted again.
pub fn usage(view: &SpanView<'_>, kind: ObservationKind) -> Usage {
    if let Some(given) = langfuse::usage(view) {
        return given;
    }
    if repeats_others(view, kind) {
        return Usage::new();
    }
    let counted = Counted::of(view.attributes);
    counted.classes()
}

fn repeats_others(view: &SpanView<'_>, kind: ObservationKind) -> bool {
    matches!(kind, ObservationKind::Agent | ObservationKind::Chain) || vercel::is_outer_step(view)
}

struct Counted {
    input: Option<u64>,
    output: Option<u64>,
    total: Option<u64>,
    input_parts: BTreeMap<&'static str, u64>,
    output_parts: BTreeMap<&'static str, u64>,
}

impl Counted {
    fn of(attributes: &Attributes) -> Self {
        let count = |keys: &[&str]| attributes.first(keys).and_then(Value::as_count);
        let parts = |parts: &[Part]| {
            let counted = parts
                .iter()
                .filter_map(|(class, keys)| Some((*class, count(keys)?)));
            counted.filter(|(_, tokens)| *tokens > 0).collect()
        };
        let mut counted = Self {
            input: count(INPUT),
            output: count(OUTPUT),
            total: count(TOTAL),
            input_parts: parts(INPUT_PARTS),
            output_parts: parts(OUTPUT_PARTS),
        };
        if let Some(metadata) = attributes.text(PROVIDER_METADATA)
            && let Ok(metadata) = serde_json::from_str(metadata)
        {
            counted.add_provider_metadata(&metadata);
        }
        counted
    }

    fn add_provider_metadata(&mut self, metadata: &Json) {
        for (class, path) in PROVIDER_PARTS {
            let parts = if class.starts_with("input") {
                &mut self.input_parts
            } else {
                &mut self.output_parts
            };
            if let Some(tokens) = metadata.pointer(path).and_then(Json::as_u64)
                && tokens > 0
            {
                parts.entry(class).or_insert(tokens);
            }
        }
        let hour = metadata.pointer(WRITTEN_FOR_AN_HOUR).and_then(Json::as_u64);
        let hour = hour.unwrap_or(0);
        if let Some(written) = self.input_parts.get_mut("input_cache_write_tokens")
            && (1..=*written).contains(&hour)
        {
            *written -= hour;
            self.input_parts.insert("input_cache_write_1h_tokens", hour);
        }
    }

    fn classes(self) -> Usage {
        let mut usage = Usage::new();
        let sides = [
            ("input", self.input, self.input_parts),
            ("output", self.output, self.output_parts),
        ];
        for (class, whole, parts) in sides {
            let in_parts = parts.values().copied().fold(0, u64::saturating_add);
            if let Some(whole) = whole {
                // A whole that is smaller than its parts did not include them (Anthropic's own counting).
                let rest = whole.checked_sub(in_parts).unwrap_or(whole);
                usage.insert(class.to_owned(), rest);
            }
            let parts = parts.into_iter().filter(|(_, tokens)| *tokens > 0);
            usage.extend(parts.map(|(class, tokens)| (class.to_owned(), tokens)));
        }
        if usage.is_empty() && self.total.is_none() {
            return usage;
        }
        let sum = usage.values().copied().fold(0, u64::saturating_add);
        usage.insert("total".to_owned(), self.total.unwrap_or(sum));
        usage
    }
}

/// What the sender says it cost, in classes; empty when it says nothing.
pub fn cost(view: &SpanView<'_>, kind: ObservationKind) -> BTreeMap<String, NanoUsd> {
    const TOTAL: &[&str] = &["gen_ai.usage.cost", "llm.cost.total"];
    if let Some(given) = langfuse::cost(view) {
        return given;
    }
    if repeats_others(view, kind) {
        return BTreeMap::new();
    }
    let usd = |keys: &[&str]| view.attributes.first(keys).and_then(Value::as_f64);
    let Some(total) = usd(TOTAL).and_then(NanoUsd::from_usd_f64) else {
        return BTreeMap::new();
    };
    let sides = [
        ("input", "llm.cost.prompt"),
        ("output", "llm.cost.completion"),
    ];
    let amounts = sides
        .into_iter()
        .filter_map(|(class, key)| Some((class, NanoUsd::from_usd_f64(usd(&[key])?)?)));
    let amounts = amounts.chain([("total", total)]);
    amounts
        .map(|(class, usd)| (class.to_owned(), usd))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::otlp::wire::{AnyValue, KeyValue};

    fn usage(counts: &[(&str, i64)], provider_metadata: Option<&str>) -> Vec<(String, u64)> {
        let numbers = counts.iter().map(|(key, count)| (*key, Value::Int(*count)));
        let metadata = provider_metadata.map(|text| (PROVIDER_METADATA, Value::Text(text.into())));
        let pairs = numbers.chain(metadata);
        let pairs = pairs.map(|(key, value)| KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
        });
        let counted = Counted::of(&Attributes::new(pairs.collect()));
        counted.classes().into_iter().collect()
    }

    fn classes(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
        let owned = |(class, tokens): &(&str, u64)| ((*class).to_owned(), *tokens);
        expected.iter().map(owned).collect()
    }

    #[test]
    fn parts_are_taken_out_of_their_whole() {
        let counted = [
            ("gen_ai.usage.input_tokens", 1_000),
            ("gen_ai.usage.cache_read.input_tokens", 600),
            ("gen_ai.usage.cache_creation.input_tokens", 100),
            ("gen_ai.usage.output_tokens", 600),
            ("gen_ai.usage.reasoning_tokens", 500),
        ];
        let expected = [
            ("input", 300),
            ("input_cache_write_tokens", 100),
            ("input_cached_tokens", 600),
            ("output", 100),
            ("output_reasoning_tokens", 500),
            ("total", 1_600),
        ];
        assert_eq!(usage(&counted, None), classes(&expected));
    }

    #[test]
    fn a_whole_that_never_included_its_parts_stays_whole() {
        let counted = [
            ("gen_ai.usage.input_tokens", 7),
            ("gen_ai.usage.cache_read_input_tokens", 16_399),
            ("gen_ai.usage.output_tokens", 5),
        ];
        let expected = [
            ("input", 7),
            ("input_cached_tokens", 16_399),
            ("output", 5),
            ("total", 16_411),
        ];
        assert_eq!(usage(&counted, None), classes(&expected));
    }

    #[test]
    fn what_stays_in_a_cache_for_an_hour_is_a_class_of_its_own() {
        let counted = [
            ("gen_ai.usage.input_tokens", 48_183),
            ("gen_ai.usage.output_tokens", 714),
        ];
        let metadata = r#"{"anthropic": {"usage": {"cache_read_input_tokens": 47105,
            "cache_creation_input_tokens": 1076, "cache_creation": {"ephemeral_1h_input_tokens": 1076}}}}"#;
        let expected = [
            ("input", 2),
            ("input_cache_write_1h_tokens", 1_076),
            ("input_cached_tokens", 47_105),
            ("output", 714),
            ("total", 48_897),
        ];
        assert_eq!(usage(&counted, Some(metadata)), classes(&expected));
    }

    #[test]
    fn no_counts_are_no_usage() {
        assert_eq!(usage(&[], None), []);
        assert_eq!(usage(&[("gen_ai.usage.input_tokens", -1)], None), []);
    }
}
