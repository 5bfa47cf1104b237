//! Tokens as this dialect counts them: all input in `input_tokens`, cached or not.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::llm_integration::Usage;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponseUsage {
    input_tokens: Option<u64>,
    input_tokens_details: Option<InputDetails>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
    total_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Option<u64>,
}

impl From<ResponseUsage> for Usage {
    fn from(usage: ResponseUsage) -> Self {
        let (all_input, all_output) = (
            usage.input_tokens.unwrap_or(0),
            usage.output_tokens.unwrap_or(0),
        );
        let of_input = usage.input_tokens_details.unwrap_or_default();
        let of_output = usage.output_tokens_details.unwrap_or_default();
        let input_cached = of_input.cached_tokens.unwrap_or(0).min(all_input);
        let uncached = all_input - input_cached;
        let input_cache_write = of_input.cache_write_tokens.unwrap_or(0).min(uncached);
        let output_reasoning = of_output.reasoning_tokens.unwrap_or(0).min(all_output);
        Self {
            input: uncached - input_cache_write,
            input_cached,
            input_cache_write,
            output: all_output - output_reasoning,
            output_reasoning,
            total: usage
                .total_tokens
                .unwrap_or(all_input.saturating_add(all_output)),
            ..Self::default()
        }
    }
}

pub(super) fn encode(usage: &Usage) -> Value {
    let (input, output) = (usage.all_input(), usage.all_output());
    json!({
        "input_tokens": input,
        "input_tokens_details": {
            "cached_tokens": usage.input_cached.saturating_add(usage.input_audio_cached),
            "cache_write_tokens": usage.input_cache_write.saturating_add(usage.input_cache_write_1h),
        },
        "output_tokens": output,
        "output_tokens_details": { "reasoning_tokens": usage.output_reasoning },
        "total_tokens": input.saturating_add(output),
    })
}
